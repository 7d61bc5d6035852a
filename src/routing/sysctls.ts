import { KubespanError } from "../base/index.ts";
import { type Prefix, prefixFamily } from "../net/index.ts";

export interface DesiredSysctls {
  readonly interfaceName: string;
  /** Whether this node passes packets on for networks behind it. */
  readonly forwarding: { readonly ipv4: boolean; readonly ipv6: boolean };
}

export interface ObservedSysctls {
  readonly bootID: string;
  /** The values by name, such as `net/ipv4/ip_forward` => `0`. Settings that the kernel does not have are missing. */
  readonly values: ReadonlyMap<string, string>;
  /** A link of containers, machines or another mesh, for which this node forwards, whoever switched that on. */
  readonly forwarder?: string | undefined;
}

/** The families for which this node forwards: those of the networks that it advertises. */
export const forwardingFor = (advertised: readonly Prefix[]): DesiredSysctls["forwarding"] => ({
  ipv4: advertised.some((prefix) => prefixFamily(prefix) === 4),
  ipv6: advertised.some((prefix) => prefixFamily(prefix) === 6),
});

const bootKey = "kernel/random/boot_id";
/** The settings that switch forwarding for a whole family. */
export const switchOf = { 4: "net/ipv4/ip_forward", 6: "net/ipv6/conf/all/forwarding" } as const;
/** The setting that switches IPv6 off for all links at the moment when it is written. */
export const ipv6Switch = "net/ipv6/conf/all/disable_ipv6";
/** The setting of one link, which alone decides whether the link carries IPv6. */
const ipv6SwitchOf = (link: string): string => `net/ipv6/conf/${link}/disable_ipv6`;
const safeName = /^(?!\.{1,2}$)[\w.@-]{1,15}$/; // other names cannot be written as the argument of sysctl

/** The settings to look at: general ones, those of the mesh's link, and those of the links that forwarding may disturb. */
export const sysctlKeys = (interfaceName: string, otherLinks: readonly string[]): string[] => [
  bootKey,
  switchOf[4],
  switchOf[6],
  ipv6Switch,
  "net/ipv6/conf/default/disable_ipv6",
  "net/ipv4/conf/default/forwarding",
  "net/ipv6/conf/default/forwarding",
  "net/ipv4/conf/all/rp_filter",
  `net/ipv4/conf/${interfaceName}/rp_filter`,
  `net/ipv6/conf/${interfaceName}/disable_ipv6`,
  ...among(otherLinks, interfaceName).flatMap((name) => [
    `net/ipv4/conf/${name}/forwarding`,
    `net/ipv6/conf/${name}/forwarding`,
    `net/ipv6/conf/${name}/accept_ra`,
  ]),
  `net/ipv4/conf/${interfaceName}/forwarding`,
  `net/ipv6/conf/${interfaceName}/forwarding`,
  ...otherLinks
    .filter((name) => safeName.test(name) && !["all", "lo", interfaceName].includes(name))
    .flatMap((name) => [
      `net/ipv4/conf/${name}/forwarding`,
      `net/ipv6/conf/${name}/forwarding`,
      `net/ipv6/conf/${name}/accept_ra`,
    ]),
];

/**
 * The settings that tell, link by link, whether the host carries IPv6 on another link than the mesh's. They need be looked
 * at only where `ipv6Switch` says that it was switched off.
 */
export const ipv6Switches = (interfaceName: string, otherLinks: readonly string[]): string[] =>
  among(otherLinks, interfaceName).map(ipv6SwitchOf);

const among = (links: readonly string[], interfaceName: string): string[] =>
  links.filter((name) => safeName.test(name) && !["all", "default", "lo", interfaceName].includes(name));

/**
 * Reads the settings from what stands in /proc/sys under those keys. Throws `KubespanError("command")` for a value that
 * none of these settings can have.
 */
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

/**
 * Whether the host has IPv6 and a link of its own, beside the mesh's, carries it. Where it is switched off for all
 * links, a link may be switched on again, and its traffic must not leave in clear.
 */
export const hasIPv6 = ({ values }: ObservedSysctls, interfaceName: string): boolean =>
  [...values].some(
    ([key, value]) =>
      isIPv6On(value) &&
      key.endsWith("/disable_ipv6") &&
      key !== "net/ipv6/conf/default/disable_ipv6" &&
      key !== ipv6SwitchOf(interfaceName),
  );

/** Whether IPv6 is on, by one setting that can switch it off. */
export const isIPv6On = (value: string | undefined): boolean => value === "0";
