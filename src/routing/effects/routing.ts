import { KubespanError } from "../../system/error.ts";
import type { Runner } from "../../system/run.ts";
import {
  type FamilyRouting,
  hasIPv6,
  type Link,
  type ObservedRouting,
  parseRoutes,
  parseRules,
  type RoutingScope,
} from "../index.ts";
import { observeSysctls } from "./sysctls.ts";

/** What stands at our priority, in our table and on our link. Throws `KubespanError("command")`. */
export async function observeRouting(
  run: Runner,
  scope: RoutingScope,
  links: readonly Link[],
): Promise<ObservedRouting> {
  const ipv6 = hasIPv6(await observeSysctls(run, scope.interfaceName, []));
  const [ipv4Routing, ipv6Routing] = await Promise.all([
    observeFamily(run, "-4", scope),
    ipv6 ? observeFamily(run, "-6", scope) : { rules: [], routes: [] },
  ]);
  const link = links.find(({ name }) => name === scope.interfaceName);
  return { scope, ipv6, ipv4Routing, ipv6Routing, linkAddresses: link?.addresses ?? [] };
}

async function observeFamily(run: Runner, family: "-4" | "-6", scope: RoutingScope): Promise<FamilyRouting> {
  const [rules, routes] = await Promise.all([
    run({ program: "ip", args: [family, "-j", "-N", "rule", "show"] }),
    showTable(run, family, scope.table),
  ]);
  return { rules: parseRules(rules, scope), routes: parseRoutes(routes) };
}

async function showTable(run: Runner, family: "-4" | "-6", table: number): Promise<string> {
  try {
    return await run({ program: "ip", args: [family, "-j", "route", "show", "table", String(table)] });
  } catch (error) {
    // A table comes into being with its first route.
    if (error instanceof KubespanError && error.message.includes("FIB table does not exist")) return "";
    throw error;
  }
}
