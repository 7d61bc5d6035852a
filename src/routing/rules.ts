import { z } from "zod";
import { wordOf } from "../base/index.ts";
import { type Marks, type MaskedMark, maskedMark, maskedText, steeredMark } from "../net/index.ts";
import { parseToolList } from "./tool-json.ts";

/** The place of the mesh's routing in the system, from the configuration. */
export interface RoutingScope {
  readonly interfaceName: string;
  readonly table: number;
  readonly priority: number;
  readonly marks: Marks;
}

/** A rule at our priority. */
interface ObservedRule {
  /** Whether this is exactly the rule that this program makes. Any other rule there belongs to somebody else. */
  readonly ours: boolean;
  /** The rule as the tool printed it, for an error message. */
  readonly text: string;
}

/** The rules of one family that matter. */
export interface ObservedRules {
  /** The rules at our priority. */
  readonly rules: readonly ObservedRule[];
  /** The priorities at which exactly our rule stands a further time. */
  readonly copies: readonly number[];
  /** The rules of others that come before ours and may send a packet for the mesh elsewhere, in their order. */
  readonly ahead: readonly ForeignRule[];
}

/** A rule of somebody else's before ours. */
interface ForeignRule {
  readonly priority: number;
  /** The number of the table to which the rule leads; `undefined` for a jump, a VRF and everything else that is no table. */
  readonly table: number | undefined;
  /** Whether the rule asks for a mark. Such rules often lead only to sockets of this node. */
  readonly isMarked: boolean;
  /** The rule as the tool printed it, for an error message. */
  readonly text: string;
}

const ruleForm = z.looseObject({
  priority: z.number().int(),
  table: z.union([z.string(), z.number()]).optional(),
  fwmark: z.union([z.string(), z.number()]).optional(),
  fwmask: z.union([z.string(), z.number()]).optional(),
  action: z.union([z.string(), z.number()]).optional(),
});

/** A routing rule of this program or of others. */
export interface RoutingRule {
  readonly priority: number;
  /** The number of the table to which the rule leads; `undefined` where that is no table. */
  readonly table: number | undefined;
  /** The packet mark for which the rule asks. */
  readonly mark: MaskedMark | undefined;
  /** Whether the rule has no other condition than its mark, and does nothing else than to lead to its table. */
  readonly isPlain: boolean;
  /** Whether the rule takes packets that do not match. */
  readonly isInverted: boolean;
  /** Whether the rule refuses packets, or does something else than to lead to a table. */
  readonly hasAction: boolean;
  /** The protocol number, by which the kernel notes who made the rule. */
  readonly protocol: number | undefined;
  /** The rule as the tool printed it, for an error message. */
  readonly text: string;
}

/** Reads `ip -j -N rule show` of one family. Throws `KubespanError("command")` for any other text. */
export const readRules = (text: string): RoutingRule[] =>
  parseToolList("ip rule", text, ruleForm).map((rule) => {
    const { priority, protocol, src, table, fwmark, fwmask, ...more } = rule;
    return {
      priority,
      table: wordOf(table),
      mark: fwmark === undefined ? undefined : maskedMark(fwmark, fwmask),
      isPlain: src === "all" && Object.keys(more).length === 0,
      isInverted: "not" in more,
      hasAction: more.action !== undefined,
      protocol: wordOf(protocol),
      text: JSON.stringify(rule).slice(0, 300),
    };
  });

/** Finds the rules that matter in `ip -j -N rule show` of one family. Throws `KubespanError("command")` for any other text. */
export function parseRules(text: string, scope: RoutingScope): ObservedRules {
  const all = readRules(text);
  return {
    rules: all
      .filter((rule) => rule.priority === scope.priority)
      .map((rule) => ({ ours: isOurs(rule, scope), text: rule.text })),
    copies: all.filter((rule) => isCopy(rule, scope)).map(({ priority }) => priority),
    ahead: all.filter((rule) => isAhead(rule, scope)).map(foreignRule),
  };
}

/**
 * The protocol number that our rule bears at another priority than its own, and our routes in the main table. The same
 * may be there of somebody else's, so the number tells who made it.
 */
export const ownProtocol = 180;

const isCopy = (rule: RoutingRule, scope: RoutingScope): boolean =>
  rule.priority !== scope.priority && rule.protocol === ownProtocol && isOurs(rule, scope);

const foreignRule = ({ priority, table, mark, text }: RoutingRule): ForeignRule => ({
  priority,
  table,
  isMarked: mark !== undefined,
  text,
});

const localTable = 255;

/**
 * Whether a rule before ours may take packets for the mesh. The kernel's own rules do not, nor do rules that refuse,
 * nor rules that no packet with our mark can meet.
 */
function isAhead(rule: RoutingRule, scope: RoutingScope): boolean {
  const { priority, table, hasAction, protocol } = rule;
  // The copy of another mesh's rule takes only that mesh's packets. If each mesh put a copy before the other's, the
  // copies would climb without an end.
  if (priority >= scope.priority || protocol === ownProtocol) return false;
  if (table === localTable || table === scope.table || hasAction) return false;
  return canMeet(rule, scope);
}

function canMeet({ mark, isInverted }: RoutingRule, scope: RoutingScope): boolean {
  if (mark === undefined || isInverted) return true;
  const steered = steeredMark(scope.marks);
  return ((mark.value ^ steered.value) & mark.mask & steered.mask) === 0;
}

/**
 * The priority at which our rule has to stand once more, so that it comes before those of others; `undefined` where it
 * need not or cannot.
 */
export function secondPriority({ ahead }: Pick<ObservedRules, "ahead">): number | undefined {
  const [first] = ahead;
  // A rule is put behind those of the same priority: there is no place before a rule of priority 0.
  return first === undefined || first.priority === 0 ? undefined : first.priority - 1;
}

const isOurs = (rule: RoutingRule, scope: RoutingScope): boolean =>
  rule.isPlain && leadsIntoMesh(rule, scope);

/** Whether a rule sends packets with our mark to our table, whatever else it says. */
export function leadsIntoMesh(
  { table, mark }: RoutingRule,
  scope: Pick<RoutingScope, "table" | "marks">,
): boolean {
  const steered = steeredMark(scope.marks);
  return table === scope.table && mark?.value === steered.value && mark.mask === steered.mask;
}

/** The arguments of `ip rule add` and `ip rule del`: `priority 32500 fwmark 0x40/0x60 lookup 180`. */
export function ruleArguments(scope: RoutingScope): string[] {
  const mark = maskedText(steeredMark(scope.marks));
  return ["priority", String(scope.priority), "fwmark", mark, "lookup", String(scope.table)];
}

/** The arguments for our rule at the priority at which it stands once more. */
export const copyArguments = (scope: RoutingScope, priority: number): string[] => [
  ...ruleArguments({ ...scope, priority }),
  "protocol",
  String(ownProtocol),
];
