import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { output, type Result } from "../../lab/command.ts";
import { containerdConfig, containerdSocket } from "../../lab/containerd.ts";
import { Lab, type LabNode, waitFor } from "../../lab/index.ts";
import { debian } from "../../lab/programs/index.ts";
import { Service } from "../../lab/service.ts";

/*
 * The image of this machine's architecture, in a real containerd with a real runc, as the chart runs it: the network of the
 * host, a read-only root, and one capability.
 */
const root = join(import.meta.dirname, "../..");
const name = "docker.io/library/kubespan";
const architecture = { x64: "amd64", arm64: "arm64" }[process.arch as string] ?? process.arch;

let lab: Lab;
let node: LabNode;
let programs: string;
let version: string;

const build = (file: string): Promise<string> =>
  output([
    "env",
    "-C",
    root,
    process.execPath,
    "scripts/build-image.ts",
    "--arch",
    architecture,
    "--out",
    join(root, ".cache", file),
  ]);

const ctr = (...args: string[]): string[] => [
  "env",
  `PATH=${programs}:${process.env["PATH"]}`,
  join(programs, "ctr"),
  "--address",
  containerdSocket,
  "--connect-timeout",
  "2s",
  ...args,
];

beforeAll(async () => {
  const first = await build("image.tar");
  const sum = /sha256 (\S+)/.exec(first)?.[1] ?? "none";
  expect(await build("image.tar")).toContain(sum); // the same, byte for byte
  programs = join(await debian(), "root/usr/bin");
  ({ version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string });
  lab = await Lab.open();
  node = await lab.machine("runtime");
  await node.namespace.write("/run/containerd.toml", containerdConfig);
  const service = new Service(node.namespace, "containerd", [
    "env",
    `PATH=${programs}:${process.env["PATH"]}`,
    join(programs, "containerd"),
    "--config",
    "/run/containerd.toml",
  ]);
  await service.start();
  await waitFor(async () => (await node.namespace.attempt(...ctr("version"))).exitCode === 0, {
    what: "containerd",
    describe: () => service.log(),
  });
  await node.run(...ctr("images", "import", join(root, ".cache/image.tar")));
}, 600_000);
afterAll(() => lab?.close());

/** The capabilities that containerd gives to who asks for none. */
const usual = [
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "NET_RAW",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
];
let count = 0;

const mount = (source: string, at: string, options: string): string[] => [
  "--mount",
  `type=bind,src=${source},dst=${at},options=rbind:${options}`,
];
const memory = (at: string): string[] => ["--mount", `type=tmpfs,dst=${at},options=rw`];

/** Runs a command in a container with what the chart mounts. */
function inContainer(...command: string[]): Promise<Result> {
  return node.namespace.attempt(
    ...ctr("run", "--rm", "--net-host", "--read-only", "--snapshotter", "overlayfs"),
    ...usual.flatMap((capability) => ["--cap-drop", `CAP_${capability}`]),
    "--cap-add",
    "CAP_NET_ADMIN",
    ...memory("/run"),
    ...memory("/tmp"),
    ...memory("/var/lib/kubespan"),
    ...memory("/etc/kubespan"),
    ...mount("/proc/sys/net", "/host/proc/sys/net", "rw"),
    `${name}:${version}`,
    `container-${count++}`,
    ...command,
  );
}

describe("the image in containerd", () => {
  test("says its version, with a root that nobody can write to and one capability", async () => {
    expect(await inContainer("kubespan", "--version")).toMatchObject({ exitCode: 0, stdout: `${version}\n` });
    expect((await inContainer("sh", "-c", "echo >/usr/lib/kubespan/x")).stderr).toContain(
      "Read-only file system",
    );
    const { stdout } = await inContainer("grep", "CapBnd", "/proc/self/status");
    expect(Number.parseInt(stdout.split(":")[1] ?? "", 16)).toBe(1 << 12);
  });

  test("has all tools, and doctor finds none missing or too old", async () => {
    const { stdout } = await inContainer("kubespan", "doctor", "-o", "json");
    const { findings } = JSON.parse(stdout) as { findings: { id: string; severity: string }[] };
    const found = new Map(findings.map(({ id, severity }) => [id, severity]));
    const named = ["nft", "ip", "wg", "setpriv", "sysctl"].map((tool) => `tool.${tool}`);
    for (const id of ["privilege.root", "privilege.net_admin", "identity", "nftables", ...named])
      expect([id, found.get(id)]).toEqual([id, "ok"]);
    for (const tool of [
      ["nft", "--version"],
      ["tc", "-V"],
      ["/usr/lib/kubespan/libexec/wireguard-go", "--version"],
    ])
      expect(await inContainer(...tool)).toMatchObject({ exitCode: 0 });
  });

  test("sets the host's settings of the network, though its own /proc/sys is read-only", async () => {
    const key = "net/ipv4/conf/all/src_valid_mark";
    const set = (value: string): Promise<Result> => inContainer("sysctl", "-q", "-w", `${key}=${value}`);
    for (const value of ["1", "0"]) {
      expect(await set(value)).toMatchObject({ exitCode: 0, stderr: "" });
      expect(await node.run("cat", `/proc/sys/${key}`)).toBe(`${value}\n`);
    }
    expect((await inContainer("sh", "-c", `echo 1 >/proc/sys/${key}`)).stderr).toContain("Read-only");
    expect((await inContainer("sysctl", "-q", "-w", "net/ipv4/no_such=1")).exitCode).toBe(1);
  });
});
