import { fail } from "./failure.ts";

const [switch4, switch6] = ["net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"];
const perLink: Readonly<Record<string, string>> = {
  "ipv4/forwarding": "0",
  "ipv4/rp_filter": "0",
  "ipv6/forwarding": "0",
  "ipv6/accept_ra": "1",
  "ipv6/disable_ipv6": "0",
};
const generals = ["all", "default"];

/** The values in /proc/sys that the mesh looks at, by paths with slashes. */
export class Settings {
  readonly values = new Map<string, string>([
    ["kernel/random/boot_id", "00000000-0000-4000-8000-000000000000"],
    [switch4, "0"],
  ]);

  constructor() {
    for (const name of generals)
      for (const [setting, value] of Object.entries(perLink)) this.values.set(keyOf(setting, name), value);
  }

  get(key: string): string | undefined {
    return this.values.get(key);
  }

  /** Gives a new link the default settings. */
  linkAdded(name: string): void {
    for (const setting of Object.keys(perLink))
      this.values.set(keyOf(setting, name), this.values.get(keyOf(setting, "default")) ?? "");
  }

  linkRemoved(name: string): void {
    for (const setting of Object.keys(perLink)) this.values.delete(keyOf(setting, name));
  }

  /** Writes a value. The switch of a family sets all links, too. */
  set(key: string, value: string): void {
    const before = this.values.get(key);
    if (before === undefined) fail(`sysctl: cannot stat /proc/sys/${key}: No such file or directory`);
    this.values.set(key, value);
    if (key === switch4 && before !== value) this.#setAll("ipv4/forwarding", value);
    if (key === switch6) this.#setAll("ipv6/forwarding", value);
  }

  #setAll(setting: string, value: string): void {
    const [family, name] = setting.split("/");
    for (const key of this.values.keys())
      if (key.startsWith(`net/${family}/conf/`) && key.endsWith(`/${name}`)) this.values.set(key, value);
  }

  /** Carries out `sysctl -q -w KEY=VALUE...`: each of them is tried, whatever fails. */
  run(args: readonly string[]): string {
    if (!args.includes("-w")) return fail("sysctl: only told to write, as settings are read from /proc");
    const assignments = args.filter((word) => !word.startsWith("-"));
    const complaints: string[] = [];
    for (const assignment of assignments) {
      const at = assignment.indexOf("=");
      const key = slashed(assignment.slice(0, at));
      if (this.values.has(key)) this.set(key, assignment.slice(at + 1));
      else complaints.push(`sysctl: cannot stat /proc/sys/${key}: No such file or directory`);
    }
    return complaints.length > 0 ? fail(complaints.join("\n")) : "";
  }
}

function keyOf(setting: string, link: string): string {
  const [family, name] = setting.split("/");
  return `net/${family}/conf/${link}/${name}`;
}

/** Writes a key with slashes. Its separator is the one that comes first, and the other one then means itself. */
const slashed = (key: string): string =>
  /^[^/]*\./.test(key) ? key.replace(/[./]/g, (separator) => (separator === "." ? "/" : ".")) : key;
