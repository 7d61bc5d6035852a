import { z } from "zod";
import { hexText, wordOf } from "../base/index.ts";
import { bitsRead, maskOf } from "../net/index.ts";
import {
  leadsIntoMesh,
  type ObservedRouting,
  type ObservedRules,
  parseToolList,
  readRules,
  secondPriority,
} from "../routing/index.ts";
import type { Ours, Warning } from "./warning.ts";

const mostWarnings = 20;

/**
 * The warnings about routing rules of others that read our bits, lead to our table, or stand at our priority; from `ip
 * -j -N rule show`.
 */
export function ruleWarnings(text: string, family: 4 | 6, ours: Ours): Warning[] {
  return readRules(text)
    .filter((rule) => !leadsIntoMesh(rule, ours)) // ours may stand once more, before rules of others
    .flatMap(({ priority, table, mark }) => {
      const who = `IPv${family} routing rule ${priority}`;
      const common = mark === undefined ? 0 : (bitsRead(mark) & maskOf(ours.marks)) >>> 0;
      const what = [
        ...(common === 0 ? [] : [`looks at ${hexText(common)} of the packet mark, which is ours`]),
        ...(table === ours.table ? [`leads to table ${ours.table}, which is ours`] : []),
        ...(priority === ours.priority ? ["stands at our priority"] : []),
      ];
      return what.map((each) => ({ who, what: each }));
    })
    .slice(0, mostWarnings);
}

/** The warnings about routing rules of others that come before ours and may send packets for the mesh elsewhere. */
export const aheadWarnings = ({ ipv4Routing, ipv6Routing }: ObservedRouting): Warning[] =>
  [familyAhead(4, ipv4Routing), familyAhead(6, ipv6Routing)].flat();

function familyAhead(family: 4 | 6, observed: ObservedRules): Warning[] {
  const second = secondPriority(observed);
  const consequence =
    second === undefined
      ? "nothing can stand before priority 0, so what it sends elsewhere is dropped: give it another one"
      : `the daemon puts the mesh's rule before it, at priority ${second}`;
  return observed.ahead.slice(0, mostWarnings).map(({ priority, text }) => ({
    who: `IPv${family} routing rule ${priority}`,
    what: `comes before the mesh's and may lead its traffic elsewhere; ${consequence}: ${text}`,
  }));
}

const routeForm = z.looseObject({ dst: z.string(), dev: z.string().optional(), type: z.string().optional() });

/** The warnings about routes of others in our table; from `ip -j route show table T`. */
export function routeWarnings(text: string, family: 4 | 6, ours: Ours): Warning[] {
  const foreign = parseToolList("ip route", text, routeForm).filter(
    ({ dev, type }) => dev !== ours.interfaceName && type !== "unreachable",
  );
  const [first] = foreign;
  if (!first) return [];
  const more = foreign.length > 1 ? ` and ${foreign.length - 1} more` : "";
  const what = `take traffic of the mesh elsewhere: ${first.dst} dev ${first.dev ?? "-"}${more}`;
  return [{ who: `IPv${family} routes in table ${ours.table}`, what }];
}

/** The warnings about other WireGuard links that mark their packets with our bits; from `wg show all fwmark`. */
export const wireguardWarnings = (text: string, ours: Ours): Warning[] =>
  text
    .split("\n")
    .map((line) => line.split("\t"))
    .filter(([name]) => name !== ours.interfaceName)
    .flatMap(([name = "", mark]) => markWarning(`WireGuard link ${name}`, mark, ours))
    .slice(0, mostWarnings);

const linkForm = z.looseObject({
  ifname: z.string().default(""),
  linkinfo: z
    .looseObject({ info_data: z.looseObject({ fwmark: z.unknown().optional() }).optional() })
    .default({}),
});

/** The warnings about other tunnels that mark their packets with our bits; from `ip -j -d link show`. */
export const linkWarnings = (text: string, ours: Ours): Warning[] =>
  parseToolList("ip link", text, linkForm)
    .flatMap(({ ifname, linkinfo }) => markWarning(`link ${ifname}`, linkinfo.info_data?.fwmark, ours))
    .slice(0, mostWarnings);

function markWarning(who: string, mark: unknown, ours: Ours): Warning[] {
  const common = ((wordOf(mark) ?? 0) & maskOf(ours.marks)) >>> 0;
  if (common === 0) return [];
  return [{ who, what: `sets ${hexText(common)} of the packet mark, which is ours, on its own packets` }];
}
