import { z } from "zod";
import type { Marks } from "../config/index.ts";
import { parseToolList } from "./tool-json.ts";

/** Where in the system the routing of the mesh lives, from the configuration. */
export interface RoutingScope {
  readonly interfaceName: string;
  readonly table: number;
  readonly priority: number;
  readonly marks: Marks;
}

/** A rule at our priority. */
interface ObservedRule {
  /** Exactly the rule that this program makes; whatever else stands there belongs to somebody else. */
  readonly ours: boolean;
  /** As the tool printed it, for an error message. */
  readonly text: string;
}

/** The rules of one family that matter. */
export interface ObservedRules {
  /** At our priority. */
  readonly rules: readonly ObservedRule[];
  /** The priorities at which exactly our rule stands a further time. */
  readonly copies: readonly number[];
  /** Rules of others that come before ours and may send a packet for the mesh elsewhere; in their order. */
  readonly ahead: readonly ForeignRule[];
}

/** A rule of somebody else's before ours. */
interface ForeignRule {
  readonly priority: number;
  /** Where it leads: a number; `undefined` for a jump, a VRF and whatever else is no table. */
  readonly table: number | undefined;
  /** Whether it asks for a mark: such rules often lead to sockets of this node only. */
  readonly isMarked: boolean;
  /** As the tool printed it, for an error message. */
  readonly text: string;
}

const ruleForm = z.looseObject({
  priority: z.number().int(),
  table: z.union([z.string(), z.number()]).optional(),
  fwmark: z.union([z.string(), z.number()]).optional(),
  fwmask: z.union([z.string(), z.number()]).optional(),
  action: z.union([z.string(), z.number()]).optional(),
});

type Rule = z.infer<typeof ruleForm>;

/** From `ip -j -N rule show` of one family. */
export function parseRules(text: string, scope: RoutingScope): ObservedRules {
  const all = parseToolList("ip rule", text, ruleForm);
  return {
    rules: all
      .filter((rule) => rule.priority === scope.priority)
      .map((rule) => ({ ours: isOurs(rule, scope), text: textOf(rule) })),
    copies: all.filter((rule) => isCopy(rule, scope)).map(({ priority }) => priority),
    ahead: all.filter((rule) => isAhead(rule, scope)).map(foreignRule),
  };
}

const textOf = (rule: Rule): string => JSON.stringify(rule).slice(0, 300);

/** The same rule elsewhere may be somebody else's, so ours bears a number in the place of who made it. */
const protocol = 180;

const isCopy = (rule: Rule, scope: RoutingScope): boolean =>
  rule.priority !== scope.priority && numberOf(rule["protocol"]) === protocol && isOurs(rule, scope);

const foreignRule = (rule: Rule): ForeignRule => ({
  priority: rule.priority,
  table: numberOf(rule.table),
  isMarked: rule.fwmark !== undefined,
  text: textOf(rule),
});

const localTable = 255;

/** Of the rules before ours: not the kernel's own, none that refuses, none that no packet with our mark can meet. */
function isAhead(rule: Rule, scope: RoutingScope): boolean {
  if (rule.priority >= scope.priority) return false;
  const table = numberOf(rule.table);
  if (table === localTable || table === scope.table || rule.action !== undefined) return false;
  return canMeet(rule, scope);
}

function canMeet({ fwmark, fwmask, ...rule }: Rule, scope: RoutingScope): boolean {
  if (fwmark === undefined || "not" in rule) return true;
  const { mark, mask } = ruleMark(scope.marks);
  const common = ((numberOf(fwmask) ?? everyBit) & mask) >>> 0;
  return (((numberOf(fwmark) ?? 0) ^ mark) & common) === 0;
}

const everyBit = 0xffffffff;

/** Where ours has to stand once more, so that it comes before those of others; `undefined` where it need not or cannot. */
export function secondPriority({ ahead }: Pick<ObservedRules, "ahead">): number | undefined {
  const [first] = ahead;
  // A rule is put behind those of the same priority: before one of priority 0 there is no place.
  return first === undefined || first.priority === 0 ? undefined : first.priority - 1;
}

function isOurs(rule: Rule, scope: RoutingScope): boolean {
  const { mark, mask } = ruleMark(scope.marks);
  const { priority: _priority, protocol: _protocol, src, table, fwmark, fwmask, ...more } = rule;
  return (
    src === "all" &&
    String(table) === String(scope.table) &&
    numberOf(fwmark) === mark &&
    (numberOf(fwmask) ?? everyBit) === mask &&
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

/** The same for where it stands once more. */
export const copyArguments = (scope: RoutingScope, priority: number): string[] => [
  ...ruleArguments({ ...scope, priority }),
  "protocol",
  String(protocol),
];
