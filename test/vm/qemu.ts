import { join } from "node:path";
import { hostArchitecture } from "./architecture.ts";
import type { GuestKernel } from "./guest-kernel.ts";

/** What the guest writes, each through a serial port of this name into a file of this name. */
export const ports = ["stdout", "stderr", "status"] as const;

export interface Hardware {
  readonly kernel: GuestKernel;
  /** Holds `initrd`, takes the ports' files and the console; sockets of shared folders are `TAG.sock`. */
  readonly folder: string;
  readonly tags: readonly string[];
  readonly memoryMiB: number;
  readonly processors: number;
  /** The boot options in addition to those of every machine. */
  readonly options: readonly string[];
}

/**
 * The command that runs the machine. It is always emulated (TCG): a `/dev/kvm` that exists does not mean that it works,
 * and one way of running is tested, not two. It has no network card: nothing that a test does can reach the host's.
 */
export function qemuCommand({
  kernel,
  folder,
  tags,
  memoryMiB,
  processors,
  options: more,
}: Hardware): string[] {
  const { qemu, machine, console } = hostArchitecture();
  const bootOptions = [
    `console=${console}`,
    "quiet",
    "loglevel=4",
    "panic=-1", // a panic ends the machine instead of waiting for the time limit
    "mitigations=off",
    "cryptomgr.notests",
    "random.trust_cpu=on",
    "audit=0",
    ...more,
    ...(process.arch === "x64" ? ["nokaslr", "tsc=reliable", "no_timer_check"] : []),
  ];
  const options: readonly (readonly string[])[] = [
    ["-accel", "tcg,thread=multi,tb-size=512"],
    ["-m", `${memoryMiB}`, "-smp", `${processors}`],
    ["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-nic", "none"],
    ["-serial", `file:${join(folder, "console")}`],
    ["-kernel", kernel.image, "-initrd", join(folder, "initrd"), "-append", bootOptions.join(" ")],
    ["-object", "rng-random,id=random,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=random"],
    // Shared folders need memory that the other process can map.
    ["-object", `memory-backend-memfd,id=memory,size=${memoryMiB}M,share=on`, "-numa", "node,memdev=memory"],
    ["-device", "virtio-serial-pci"],
    ...ports.map((port) => ["-chardev", `file,id=${port},path=${join(folder, port)}`]),
    ...ports.map((port) => ["-device", `virtserialport,chardev=${port},name=${port}`]),
    ...tags.map((tag) => ["-chardev", `socket,id=folder-${tag},path=${join(folder, `${tag}.sock`)}`]),
    ...tags.map((tag) => ["-device", `vhost-user-fs-pci,chardev=folder-${tag},tag=${tag}`]),
  ];
  return [qemu, ...machine, ...options.flat()];
}
