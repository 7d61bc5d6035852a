import { type Prefix, prefixFamily } from "../net/index.ts";
import { unreadable } from "./tool-json.ts";

export interface DesiredSysctls {
  readonly interfaceName: string;
  /** Whether this node passes packets on for networks behind it. */
  readonly forwarding: { readonly ipv4: boolean; readonly ipv6: boolean };
}

export interface ObservedSysctls {
  readonly bootID: string;
  /** `net/ipv4/ip_forward` => `0`; what the kernel does not have is missing. */
  readonly values: ReadonlyMap<string, string>;
}

/** A node forwards only for the families of the networks it advertises. */
export const forwardingFor = (advertised: readonly Prefix[]): DesiredSysctls["forwarding"] => ({
  ipv4: advertised.some((prefix) => prefixFamily(prefix) === 4),
  ipv6: advertised.some((prefix) => prefixFamily(prefix) === 6),
});

const bootKey = "kernel/random/boot_id";
/** What switches forwarding for a whole family. */
export const switchOf = { 4: "net/ipv4/ip_forward", 6: "net/ipv6/conf/all/forwarding" } as const;
const safeName = /^[\w.@-]{1,15}$/; // others cannot be written as the argument of sysctl

/** The settings to look at: general ones, the mesh link's own, and those of the links that forwarding may disturb. */
export const sysctlKeys = (interfaceName: string, otherLinks: readonly string[]): string[] => [
  bootKey,
  switchOf[4],
  switchOf[6],
  "net/ipv6/conf/all/disable_ipv6",
  "net/ipv6/conf/default/disable_ipv6",
  "net/ipv4/conf/all/rp_filter",
  `net/ipv4/conf/${interfaceName}/rp_filter`,
  `net/ipv6/conf/${interfaceName}/disable_ipv6`,
  ...otherLinks
    .filter((name) => safeName.test(name) && !["all", "lo", interfaceName].includes(name))
    .flatMap((name) => [
      `net/ipv4/conf/${name}/forwarding`,
      `net/ipv6/conf/${name}/forwarding`,
      `net/ipv6/conf/${name}/accept_ra`,
    ]),
];

/** Reads what `sysctl -e KEY...` prints. Throws `KubespanError("command")` for anything else. */
export function parseSysctls(text: string): ObservedSysctls {
  const values = new Map<string, string>();
  for (const line of text.split("\n").filter((each) => each.trim() !== "")) {
    const at = line.indexOf(" = ");
    if (at <= 0) throw unreadable("sysctl", `no value in ${JSON.stringify(line.slice(0, 100))}`);
    values.set(withSlashes(line.slice(0, at)), line.slice(at + 3).trim());
  }
  const bootID = values.get(bootKey);
  if (bootID === undefined) throw unreadable("sysctl", `${bootKey} is missing`);
  values.delete(bootKey);
  return { bootID, values };
}

/** sysctl prints dots for slashes and slashes for dots: `net.ipv6.conf.eth0/100.accept_ra`. */
const withSlashes = (key: string): string =>
  key.replace(/[./]/g, (separator) => (separator === "." ? "/" : "."));

/** Whether links can carry IPv6: the host has it and has not switched it off. */
export const hasIPv6 = (observed: ObservedSysctls): boolean =>
  observed.values.get("net/ipv6/conf/all/disable_ipv6") === "0";
