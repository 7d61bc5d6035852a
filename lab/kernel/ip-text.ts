import { type Family, familyOf } from "../../src/net/index.ts";
import type { Link, LinkAddress } from "./links.ts";
import type { Route, Rule } from "./routing.ts";

const forever = 4_294_967_295;

interface Shown {
  /** Whether the list also says what kind of link each one is. */
  readonly isDetailed: boolean;
  /** The family whose addresses are listed; `undefined` lists both. */
  readonly family: Family | undefined;
}

/** Prints links and addresses like `ip -j address show`. */
export const addressesText = (links: readonly Link[], shown: Shown): string =>
  listText(links.map((link) => linkValue(link, shown)));

const linkValue = (link: Link, { isDetailed, family }: Shown): unknown => ({
  ifindex: link.index,
  ...(link.peer !== undefined && { link: link.peer }),
  ifname: link.name,
  flags: flagsOf(link),
  mtu: link.mtu,
  operstate: link.isUp ? "UNKNOWN" : "DOWN",
  group: "default",
  link_type: link.name === "lo" ? "loopback" : link.hardwareAddress === undefined ? "none" : "ether",
  ...hardwareOf(link),
  ...(isDetailed && link.kind !== undefined && { linkinfo: { info_kind: link.kind } }),
  addr_info: link.addresses
    .filter(({ address }) => family === undefined || familyOf(address) === family)
    .map((each) => addressValue(link, each)),
});

function hardwareOf({ name, hardwareAddress }: Link): object {
  if (name === "lo") return { address: "00:00:00:00:00:00", broadcast: "00:00:00:00:00:00" };
  return hardwareAddress === undefined ? {} : { address: hardwareAddress, broadcast: "ff:ff:ff:ff:ff:ff" };
}

function flagsOf({ name, hardwareAddress, isUp }: Link): string[] {
  const kind =
    name === "lo"
      ? ["LOOPBACK"]
      : hardwareAddress === undefined
        ? ["POINTOPOINT", "NOARP"]
        : ["BROADCAST", "MULTICAST"];
  return isUp ? [...kind, "UP", "LOWER_UP"] : kind;
}

const addressValue = ({ name }: Link, { address, bits, scope }: LinkAddress): unknown => ({
  family: familyOf(address) === 4 ? "inet" : "inet6",
  local: address,
  prefixlen: bits,
  scope,
  ...(familyOf(address) === 4 && { label: name }),
  valid_life_time: forever,
  preferred_life_time: forever,
});

/** The numbers RTN_* of the kernel's include/uapi/linux/rtnetlink.h, which `ip -N` prints as text. */
const routeTypes: Readonly<Record<string, string>> = {
  unicast: "1",
  local: "2",
  blackhole: "6",
  unreachable: "7",
  prohibit: "8",
  throw: "9",
};

/** Prints routes like `ip -j route show`, with numbers in place of names if asked for, as with `-N`. */
export const routesText = (
  routes: readonly Route[],
  { isNumeric }: { readonly isNumeric: boolean },
): string =>
  listText(
    routes.map(({ family, type, to, device, gateway, mtu, source, metric, protocol }) => ({
      ...(type !== "unicast" && { type: isNumeric ? routeTypes[type] : type }),
      dst: to.endsWith("/0") ? "default" : to,
      ...(gateway !== undefined && { gateway }),
      ...(device !== undefined ? { dev: device } : family === 6 && { dev: "lo" }),
      ...(protocol !== undefined && { protocol: String(protocol) }),
      ...(source !== undefined && { prefsrc: source }),
      ...(metric > 0 && { metric }),
      flags: [],
      ...(mtu !== undefined && { metrics: [{ mtu }] }),
    })),
  );

/** Prints rules like `ip -j -N rule show`. */
export const rulesText = (rules: readonly Rule[]): string =>
  listText(
    rules.map(({ priority, table, mark, mask, protocol }) => ({
      priority,
      src: "all",
      ...(mark !== undefined && { fwmark: hex(mark) }),
      ...(mask !== undefined && mask !== 0xffffffff && { fwmask: hex(mask) }),
      table: String(table),
      ...(protocol !== undefined && { protocol: String(protocol) }),
    })),
  );

/** Prints a list as one line, so that the lists of a batch can be told apart. */
const listText = (values: readonly unknown[]): string => `${JSON.stringify(values)}\n`;

const hex = (value: number): string => `0x${value.toString(16)}`;
