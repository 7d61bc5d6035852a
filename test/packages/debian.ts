import { createHash } from "node:crypto";
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";

/** What the package asks for, so that dpkg finds it there. */
export const dependencies = ["iproute2", "kmod", "nftables", "procps", "util-linux", "wireguard-tools"];
/** What a machine has that boots, and what is looked at there. */
const machine = [...dependencies, "systemd", "systemd-sysv", "udev", "iputils-ping"];

const cache = new URL("../../.cache/packages/", import.meta.url).pathname;

type Suite = "bookworm" | "trixie";
type Kind = "minimal" | "systemd";

/** The root file system of a Debian that is as small as the package allows, or that boots. */
export const debianOf = (suite: Suite, kind: Kind): Promise<string> =>
  debianBase(suite, kind === "systemd" ? machine : dependencies);

/** The root file system of a Debian with these packages. It is made once, which takes a minute or more, and never changed. */
export async function debianBase(suite: Suite, packages: readonly string[]): Promise<string> {
  const contents = createHash("sha256").update(packages.join()).digest("hex").slice(0, 12);
  const base = join(cache, `debian-${suite}-${contents}`);
  mkdirSync(cache, { recursive: true });
  if (!existsSync(base)) {
    const making = mkdtempSync(`${base}.`);
    await execa("debootstrap", ["--variant=minbase", `--include=${packages.join()}`, suite, making]);
    renameSync(making, base);
  }
  return base;
}

/** A root file system of Debian, in which commands run as root in a mount and process namespace of their own. */
export class Debian {
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  /** A copy of a Debian, minimal or with systemd; the first one takes minutes, as its packages are fetched. */
  static async open(suite: Suite, kind: Kind = "minimal"): Promise<Debian> {
    return Debian.#copyOf(await debianOf(suite, kind));
  }

  /** A copy of a Debian with these packages. */
  static async of(suite: Suite, packages: readonly string[]): Promise<Debian> {
    return Debian.#copyOf(await debianBase(suite, packages));
  }

  static async #copyOf(base: string): Promise<Debian> {
    const root = mkdtempSync(join(cache, "root."));
    await execa("cp", ["-a", `${base}/.`, root]);
    return new Debian(root);
  }

  copyIn(file: string, inside: string): void {
    cpSync(file, join(this.root, inside));
  }

  /** Runs a command in it; throws with what it printed if it fails. */
  async run(...argv: string[]): Promise<string> {
    const enter = [
      "--mount",
      "--pid",
      "--fork",
      "--propagation",
      "private",
      `--mount-proc=${this.root}/proc`,
    ];
    const environment = {
      DEBIAN_FRONTEND: "noninteractive",
      LC_ALL: "C",
      PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    };
    const { stdout } = await execa("unshare", [...enter, "chroot", this.root, ...argv], {
      env: environment,
      extendEnv: false,
      stdin: "ignore",
      all: true,
    });
    return stdout;
  }

  /** All paths in it but those that change by themselves whenever a package comes or goes. */
  files(): readonly string[] {
    const own =
      /^(?:proc|sys|dev|run|tmp|var\/lib\/dpkg|var\/log|var\/cache|etc\/(?:passwd|shadow|group|gshadow|subuid|subgid)-?$|etc\/ld\.so\.cache)/;
    return globSync("**/*", { cwd: this.root, exclude: (name) => own.test(name) })
      .filter((path) => !own.test(path))
      .toSorted();
  }

  close(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
