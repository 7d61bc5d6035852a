/** What depends on the processor; QEMU emulates the host's own kind. */
export interface Architecture {
  readonly qemu: string;
  readonly machine: readonly string[];
  /** The kernel's name of the first serial line. */
  readonly console: string;
  /** Packages that depend on the newest kernel: Debian's first, then Ubuntu's. */
  readonly kernelPackages: readonly string[];
}

const architectures: Partial<Record<NodeJS.Architecture, Architecture>> = {
  x64: {
    qemu: "qemu-system-x86_64",
    // la57 off: five page-table levels cost an emulated processor time and give nothing here.
    machine: ["-machine", "pc,vmport=off,hpet=off", "-cpu", "max,-la57"],
    console: "ttyS0",
    kernelPackages: ["linux-image-cloud-amd64", "linux-image-generic"],
  },
  arm64: {
    qemu: "qemu-system-aarch64",
    machine: ["-machine", "virt", "-cpu", "max"],
    console: "ttyAMA0",
    kernelPackages: ["linux-image-cloud-arm64", "linux-image-generic"],
  },
};

export function hostArchitecture(): Architecture {
  const found = architectures[process.arch];
  if (found === undefined)
    throw new Error(`test/vm knows no machine for ${process.arch}: only x64 and arm64`);
  return found;
}
