import { isContainerLink } from "./link-kinds.ts";
import { ownProtocol, type RoutingScope } from "./rules.ts";

/**
 * Whether a line of `ip -o -N monitor label ...` can concern this program. On a busy node most lines are about pods:
 * their links, their routes, and the rules of the CNI plug-in.
 */
export function isRelevantEvent(line: string, scope: RoutingScope): boolean {
  const event = /^\[(\w+)\](?:Deleted )?(.*)$/s.exec(line);
  const [, kind, text = ""] = event ?? [];
  // A rule of somebody else's before ours may take traffic of the mesh elsewhere.
  if (kind === "RULE") return Number(/^\d+/.exec(text)?.[0] ?? 0) <= scope.priority;
  // The lines of the main table do not name it; of its routes only ours matter.
  if (kind === "ROUTE")
    return / table (\d+)\b/.test(text)
      ? / table (\d+)\b/.exec(text)?.[1] === String(scope.table)
      : new RegExp(` proto ${ownProtocol}\\b`).test(text);
  if (kind === "NETCONF") return ["all", scope.interfaceName].includes(/^inet6? (\S+)/.exec(text)?.[1] ?? "");
  if (kind === "LINK" || kind === "ADDR") return concernsHost(/^\d+: ([^:@\s]+)/.exec(text)?.[1], scope);
  return true; // events were lost, or another version prints them otherwise: it is better to look once too often
}

/**
 * Whether a line tells of a link, or of a route of the main table by a gateway or to a block of addresses. These are the
 * signs of a CNI plug-in at work, which announces the programs that it loads in no other way.
 */
export const isPodEvent = (line: string): boolean =>
  line.startsWith("[LINK]") ||
  (line.startsWith("[ROUTE]") &&
    !/ table \d/.test(line) &&
    / via | blackhole |\]blackhole |\](?:Deleted )?6 /.test(line));

/**
 * Whether a line tells that a rule or a route of ours went away. Packets for the mesh find another way then, or none. The
 * routes that bear our protocol only add an MTU to the default route, which stays.
 */
export const isLossEvent = (line: string, { table }: RoutingScope): boolean =>
  !(line.startsWith("[ROUTE]") && new RegExp(` proto ${ownProtocol}\\b`).test(line)) &&
  new RegExp(`^\\[(?:RULE|ROUTE)\\]Deleted .*\\b(?:table|lookup) ${table}\\b`, "s").test(line);

const concernsHost = (link: string | undefined, scope: RoutingScope): boolean =>
  link === undefined || link === scope.interfaceName || !isContainerLink(link);
