import { KubespanError } from "../base/index.ts";
import { type Prefix, prefixFamily } from "../net/index.ts";

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
/** What says whether links can carry IPv6. */
export const ipv6Switch = "net/ipv6/conf/all/disable_ipv6";
const safeName = /^(?!\.{1,2}$)[\w.@-]{1,15}$/; // others cannot be written as the argument of sysctl

/** The settings to look at: general ones, the mesh link's own, and those of the links that forwarding may disturb. */
export const sysctlKeys = (interfaceName: string, otherLinks: readonly string[]): string[] => [
  bootKey,
  switchOf[4],
  switchOf[6],
  ipv6Switch,
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

/** From what stands in /proc/sys under those keys. Throws `KubespanError("command")` for what cannot be a setting of these. */
export function observedSysctls(found: ReadonlyMap<string, string>): ObservedSysctls {
  const bootID = found.get(bootKey);
  if (bootID === undefined || !/^[0-9a-f-]{36}$/.test(bootID)) throw odd(bootKey, bootID);
  const values = new Map(found);
  values.delete(bootKey);
  for (const [key, value] of values) if (!/^-?\d{1,10}$/.test(value)) throw odd(key, value);
  return { bootID, values };
}

const odd = (key: string, value: string | undefined): KubespanError =>
  new KubespanError(
    "command",
    `cannot use /proc/sys/${key}: ${value === undefined ? "it is missing" : JSON.stringify(value.slice(0, 100))}`,
    { hint: "is /proc that of a Linux kernel?" },
  );

/** Whether links can carry IPv6: the host has it and has not switched it off. */
export const hasIPv6 = (observed: ObservedSysctls): boolean => isIPv6On(observed.values.get(ipv6Switch));

/** The same, by the one setting that says so. */
export const isIPv6On = (value: string | undefined): boolean => value === "0";
