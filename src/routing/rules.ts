import { z } from "zod";
import type { Marks } from "../config/config.ts";
import { parseToolList } from "./tool-json.ts";

/** Where in the system the routing of the mesh lives, from the configuration. */
export interface RoutingScope {
  readonly interfaceName: string;
  readonly table: number;
  readonly priority: number;
  readonly marks: Marks;
}

/** A rule at our priority. */
export interface ObservedRule {
  /** Exactly the rule that this program makes; whatever else stands there belongs to somebody else. */
  readonly ours: boolean;
  /** As the tool printed it, for an error message. */
  readonly text: string;
}

const ruleForm = z.looseObject({ priority: z.number().int() });

/** The rules at our priority, from `ip -j -N rule show` of one family. */
export const parseRules = (text: string, scope: RoutingScope): ObservedRule[] =>
  parseToolList("ip rule", text, ruleForm)
    .filter((rule) => rule.priority === scope.priority)
    .map((rule) => ({ ours: isOurs(rule, scope), text: JSON.stringify(rule).slice(0, 300) }));

function isOurs(rule: z.infer<typeof ruleForm>, scope: RoutingScope): boolean {
  const { mark, mask } = ruleMark(scope.marks);
  const { priority: _priority, protocol: _protocol, src, table, fwmark, fwmask, ...more } = rule;
  return (
    src === "all" &&
    String(table) === String(scope.table) &&
    numberOf(fwmark) === mark &&
    (numberOf(fwmask) ?? 0xffffffff) === mask &&
    Object.keys(more).length === 0
  );
}

const numberOf = (value: unknown): number | undefined =>
  typeof value === "number" || (typeof value === "string" && /^(?:0x[0-9a-f]+|\d+)$/i.test(value))
    ? Number(value)
    : undefined;

const ruleMark = ({ fromWireGuard, toWireGuard }: Marks): { mark: number; mask: number } => ({
  mark: toWireGuard,
  mask: (fromWireGuard | toWireGuard) >>> 0,
});

/** `priority 32500 fwmark 0x40/0x60 lookup 180`: what `ip rule add` and `ip rule del` take. */
export function ruleArguments(scope: RoutingScope): string[] {
  const { mark, mask } = ruleMark(scope.marks);
  const fwmark = `0x${mark.toString(16)}/0x${mask.toString(16)}`;
  return ["priority", String(scope.priority), "fwmark", fwmark, "lookup", String(scope.table)];
}
