import { INPUT, KubespanError } from "../../base/index.ts";
import { type Address, hostPrefix } from "../../net/index.ts";
import { type ReadSetting, type Runner, readKernelSetting } from "../../system/index.ts";
import {
  anchorsAmong,
  type FamilyRouting,
  ipv6Switch,
  ipv6Switches,
  isBarrier,
  isContainerLink,
  isDoubtful,
  isIPv6On,
  type Link,
  linksOfDefaults,
  localTable,
  type MainTableRoute,
  mainTableQuestion,
  type ObservedRouting,
  type ObservedRules,
  type ObservedSysctls,
  observedSysctls,
  onlyLeadsHere,
  otherMeshLinks,
  parseLinks,
  parseLocalLinks,
  parseMainTable,
  parsePathRoutes,
  parseRoutes,
  parseRules,
  type RoutingScope,
  sysctlKeys,
} from "../index.ts";

/** Reads all links with their addresses. Throws `KubespanError("command")`. */
export const observeLinks = async (run: Runner): Promise<Link[]> =>
  parseLinks(await run({ program: "ip", args: ["-j", "-d", "address", "show"] }));

/**
 * Reads all links as `observeLinks` does. Where the kind of a link leaves open whose its addresses are, the default
 * routes are read, too. Throws `KubespanError("command")`.
 */
export async function observeHostLinks(run: Runner, interfaceName: string): Promise<Link[]> {
  const links = await observeLinks(run);
  const isAsked =
    links.some((link) => link.name !== interfaceName && isDoubtful(link)) ||
    hostLinks(links.filter(({ name, up }) => up && name !== interfaceName && name !== "lo")).length > 1;
  if (!isAsked) return links;
  const shown = await Promise.all(
    ["-4", "-6"].map((family) => run({ program: "ip", args: [family, "-j", "route", "show", "default"] })),
  );
  const outward = new Set(shown.flatMap(linksOfDefaults));
  return links.map((link) => ({ ...link, leadsOut: outward.has(link.name) }));
}

/**
 * Reads the rules at our priority, the routes in our table and the addresses of our link, which is one of `links`.
 * Throws `KubespanError("command")`.
 */
export async function observeRouting(
  run: Runner,
  scope: RoutingScope,
  links: readonly Link[],
  read: ReadSetting = readKernelSetting,
): Promise<ObservedRouting> {
  const ipv6 = await carriesIPv6(scope.interfaceName, links, read);
  const linkAddresses = links
    .filter(({ name }) => name === scope.interfaceName)
    .flatMap(({ addresses }) => addresses);
  const anchors = anchorsAmong(linkAddresses);
  const [ipv4, ipv6Routing] = await Promise.all([
    observeFamily(run, "-4", scope, anchors),
    ipv6 ? observeFamily(run, "-6", scope).then(({ routing }) => routing) : nothing,
  ]);
  const answered = anchors.filter((_, index) => ipv4.localLinks[index]?.includes(scope.interfaceName));
  return { scope, ipv6, ipv4Routing: ipv4.routing, ipv6Routing, linkAddresses, answered };
}

/**
 * Whether a link of the host carries IPv6. The setting of each link is read only where all were switched off, since one
 * may be on again.
 */
async function carriesIPv6(
  interfaceName: string,
  links: readonly Link[],
  read: ReadSetting,
): Promise<boolean> {
  const general = await read(ipv6Switch);
  if (general === undefined || isIPv6On(general)) return general !== undefined;
  for (const key of ipv6Switches(interfaceName, hostLinks(links))) if (isIPv6On(await read(key))) return true;
  return false;
}

/** The names of the links that are not those of pods, of which there may be hundreds. */
const hostLinks = (links: readonly Link[]): string[] =>
  links.map(({ name }) => name).filter((name) => !isContainerLink(name));

const nothing: FamilyRouting = {
  rules: [],
  copies: [],
  ahead: [],
  routes: [],
  hasBarrier: false,
  mainRoutes: [],
};

interface SeenFamily {
  readonly routing: FamilyRouting;
  /** The links by which the kernel takes each of the given addresses for its own. */
  readonly localLinks: readonly (readonly string[])[];
}

async function observeFamily(
  run: Runner,
  family: "-4" | "-6",
  scope: RoutingScope,
  addresses: readonly Address[] = [],
): Promise<SeenFamily> {
  const { rules, main, routes, local } = await showRulesAndTable(run, family, scope.table, addresses);
  const found = parseRoutes(routes);
  const pathRoutes = parsePathRoutes(routes, scope);
  const routing = {
    ...(await observeRules(run, family, rules, scope)),
    routes: found.filter((route) => !isBarrier(route)),
    ...(pathRoutes.length > 0 && { pathRoutes }),
    hasBarrier: found.some(isBarrier),
    mainRoutes: parseMainTable(main, scope),
  };
  return { routing, localLinks: local.map(parseLocalLinks) };
}

interface Shown {
  readonly rules: string;
  /** The routes of this program in the main table. */
  readonly main: string;
  readonly routes: string;
  /** The routes by which the kernel takes addresses for its own, for each of them. */
  readonly local: readonly string[];
}

/** Reads the rules and the tables with one process, which prints each of them on a line of its own. */
async function showRulesAndTable(
  run: Runner,
  family: "-4" | "-6",
  table: number,
  addresses: readonly Address[],
): Promise<Shown> {
  const own = addresses.map((address) => `route show table ${localTable} exact ${hostPrefix(address)}\n`);
  const input = `rule show\n${mainTableQuestion.join(" ")}\nroute show table ${table}\n${own.join("")}`;
  const both = await orNothing(
    run({ program: "ip", args: [family, "-j", "-N", "-batch", INPUT], input }),
    noTable,
  );
  const [rules, main = "", routes = "", ...local] = both.trimEnd().split("\n");
  if (rules) return { rules, main, routes, local };
  const show = (...args: string[]): Promise<string> =>
    run({ program: "ip", args: [family, "-j", "-N", ...args] });
  return { rules: await show("rule", "show"), main: await show(...mainTableQuestion), routes: "", local: [] };
}

/** Reads the routes of this mesh in the main table again, and takes the rest from before. */
export async function withMainTable(run: Runner, before: ObservedRouting): Promise<ObservedRouting> {
  const { scope, ipv6, ipv4Routing, ipv6Routing } = before;
  const show = async (family: string): Promise<MainTableRoute[]> =>
    parseMainTable(await run({ program: "ip", args: [family, "-j", "-N", ...mainTableQuestion] }), scope);
  const [four, six] = await Promise.all([show("-4"), ipv6 ? show("-6") : []]);
  return {
    ...before,
    ipv4Routing: { ...ipv4Routing, mainRoutes: four },
    ipv6Routing: { ...ipv6Routing, mainRoutes: six },
  };
}

const mostTables = 16;

/**
 * Reads the rules, without those that only lead to sockets of this node, as transparent proxies have them: nothing
 * leaves there.
 */
async function observeRules(
  run: Runner,
  family: "-4" | "-6",
  rules: string,
  scope: RoutingScope,
): Promise<ObservedRules> {
  const found = parseRules(rules, scope);
  const marked = found.ahead.flatMap(({ isMarked, table }) =>
    isMarked && table !== undefined ? [table] : [],
  );
  const leadHere = new Set<number>();
  for (const table of [...new Set(marked)].slice(0, mostTables))
    if (onlyLeadsHere(await showTable(run, family, table))) leadHere.add(table);
  const { ahead } = found;
  return { ...found, ahead: ahead.filter(({ table }) => table === undefined || !leadHere.has(table)) };
}

/**
 * The complaint of `ip` about a missing table. A table comes into being with its first route. Until then some kernels
 * have nothing to list, and others refuse.
 */
const noTable = "FIB table does not exist";

const showTable = (run: Runner, family: "-4" | "-6", table: number): Promise<string> =>
  orNothing(run({ program: "ip", args: [family, "-j", "route", "show", "table", String(table)] }), noTable);

/** The output of a tool, or nothing if it fails with `complaint`, its way of saying that there is nothing to show. */
async function orNothing(output: Promise<string>, complaint: string): Promise<string> {
  try {
    return await output;
  } catch (error) {
    if (error instanceof KubespanError && error.message.includes(complaint)) return "";
    throw error;
  }
}

/**
 * Reads the settings that `planSysctls` needs. `links` are those of the host, which forwarding must not make deaf to
 * router advertisements. Links of pods get no advertisements, and are left out. Throws `KubespanError("command")`.
 */
export async function observeSysctls(
  interfaceName: string,
  links: readonly Link[],
  read: ReadSetting = readKernelSetting,
): Promise<ObservedSysctls> {
  const found = new Map<string, string>();
  // The settings are read one after the other: each takes a moment, and many at once would take all threads that read
  // files.
  const look = async (keys: readonly string[]): Promise<void> => {
    for (const key of keys) {
      const value = await read(key);
      if (value !== undefined) found.set(key, value);
    }
  };
  await look(sysctlKeys(interfaceName, hostLinks(links)));
  if (found.has(ipv6Switch) && !isIPv6On(found.get(ipv6Switch)))
    await look(ipv6Switches(interfaceName, hostLinks(links)));
  const others = otherMeshLinks(links, interfaceName);
  const forwarder = links.find((link) => link.up && (isContainerLink(link.name) || others.includes(link)));
  return { ...observedSysctls(found), forwarder: forwarder?.name };
}
