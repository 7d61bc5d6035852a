import type { OsRelease } from "../base/index.ts";

/** A family of distributions with one package manager. */
type Family = "debian" | "redhat" | "suse" | "arch" | "alpine" | "other";

export interface Distribution {
  /** The name that the distribution gives itself: `Debian GNU/Linux 12 (bookworm)`. */
  readonly name: string;
  readonly family: Family;
}

const familyOfId: Readonly<Record<string, Family>> = {
  debian: "debian",
  ubuntu: "debian",
  rhel: "redhat",
  fedora: "redhat",
  centos: "redhat",
  amzn: "redhat",
  suse: "suse",
  opensuse: "suse",
  sles: "suse",
  "sle-micro": "suse",
  arch: "arch",
  alpine: "alpine",
};

/** The distribution that a system says it is. */
export function distributionOf({ name, ids }: OsRelease): Distribution {
  const known = ids.map((id) => Object.hasOwn(familyOfId, id) && familyOfId[id]).find(Boolean);
  return { name: name ?? "an unknown distribution", family: known || "other" };
}

const installers: Readonly<Record<Exclude<Family, "other">, string>> = {
  debian: "apt-get install -y",
  redhat: "dnf install -y",
  suse: "zypper install -y",
  arch: "pacman -S --needed",
  alpine: "apk add",
};

/** The packages that contain the tools, with Debian's names first. */
const packages: Readonly<Record<string, { debian: string } & Partial<Record<Family, string>>>> = {
  ip: { debian: "iproute2", redhat: "iproute" },
  nft: { debian: "nftables" },
  setpriv: { debian: "util-linux", alpine: "setpriv" },
  sysctl: { debian: "procps", redhat: "procps-ng", arch: "procps-ng" },
  wg: { debian: "wireguard-tools" },
  "wireguard-go": { debian: "wireguard-go" },
};

/** The command that installs a tool; `undefined` if the distribution is unknown. */
export function installCommand({ family }: Distribution, tool: string): string | undefined {
  if (family === "other") return undefined;
  const names = packages[tool];
  return `${installers[family]} ${names?.[family] ?? names?.debian ?? tool}`;
}
