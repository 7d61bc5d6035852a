import { KubespanError } from "../../base/index.ts";
import type { Runner } from "../../system/index.ts";
import {
  type FamilyRouting,
  hasIPv6,
  isBarrier,
  isContainerLink,
  type Link,
  type ObservedRouting,
  type ObservedRules,
  type ObservedSysctls,
  onlyLeadsHere,
  parseLinks,
  parseRoutes,
  parseRules,
  parseSysctls,
  type RoutingScope,
  sysctlKeys,
} from "../index.ts";

/** All links with their addresses. Throws `KubespanError("command")`. */
export const observeLinks = async (run: Runner): Promise<Link[]> =>
  parseLinks(await run({ program: "ip", args: ["-j", "-d", "address", "show"] }));

/** What stands at our priority, in our table and on our link. Throws `KubespanError("command")`. */
export async function observeRouting(run: Runner, scope: RoutingScope): Promise<ObservedRouting> {
  const ipv6 = hasIPv6(await observeSysctls(run, scope.interfaceName, []));
  const [ipv4Routing, ipv6Routing, links] = await Promise.all([
    observeFamily(run, "-4", scope),
    ipv6 ? observeFamily(run, "-6", scope) : nothing,
    observeLink(run, scope.interfaceName),
  ]);
  return { scope, ipv6, ipv4Routing, ipv6Routing, linkAddresses: links.flatMap((link) => link.addresses) };
}

const nothing: FamilyRouting = { rules: [], copies: [], ahead: [], routes: [], hasBarrier: false };

async function observeFamily(run: Runner, family: "-4" | "-6", scope: RoutingScope): Promise<FamilyRouting> {
  const [rules, routes] = await Promise.all([
    observeRules(run, family, scope),
    showTable(run, family, scope.table),
  ]);
  const found = parseRoutes(routes);
  return {
    ...rules,
    routes: found.filter((route) => !isBarrier(route)),
    hasBarrier: found.some(isBarrier),
  };
}

const mostTables = 16;

/** Without rules that only lead to sockets of this node, as transparent proxies have them: there nothing leaves. */
async function observeRules(run: Runner, family: "-4" | "-6", scope: RoutingScope): Promise<ObservedRules> {
  const found = parseRules(await run({ program: "ip", args: [family, "-j", "-N", "rule", "show"] }), scope);
  const marked = found.ahead.flatMap(({ isMarked, table }) =>
    isMarked && table !== undefined ? [table] : [],
  );
  const leadHere = new Set<number>();
  for (const table of [...new Set(marked)].slice(0, mostTables))
    if (onlyLeadsHere(await showTable(run, family, table))) leadHere.add(table);
  const { ahead } = found;
  return { ...found, ahead: ahead.filter(({ table }) => table === undefined || !leadHere.has(table)) };
}

const showTable = (run: Runner, family: "-4" | "-6", table: number): Promise<string> =>
  // A table comes into being with its first route.
  orNothing(
    run({ program: "ip", args: [family, "-j", "route", "show", "table", String(table)] }),
    "FIB table does not exist",
  );

const observeLink = async (run: Runner, name: string): Promise<Link[]> =>
  parseLinks(
    await orNothing(run({ program: "ip", args: ["-j", "address", "show", "dev", name] }), "does not exist"),
  );

/** `complaint` is the tool's way of saying that there is none of what was asked for. */
async function orNothing(output: Promise<string>, complaint: string): Promise<string> {
  try {
    return await output;
  } catch (error) {
    if (error instanceof KubespanError && error.message.includes(complaint)) return "";
    throw error;
  }
}

/**
 * The settings that `planSysctls` needs. `links` are those of the host: forwarding must not make them deaf to router
 * advertisements; links of pods get none and are left out. Throws `KubespanError("command")`.
 */
export async function observeSysctls(
  run: Runner,
  interfaceName: string,
  links: readonly Link[],
): Promise<ObservedSysctls> {
  const names = links.map(({ name }) => name).filter((name) => !isContainerLink(name));
  return parseSysctls(await run({ program: "sysctl", args: ["-e", ...sysctlKeys(interfaceName, names)] }));
}
