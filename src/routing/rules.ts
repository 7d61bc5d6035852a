import { z } from "zod";
import { wordOf } from "../base/index.ts";
import { type Marks, type MaskedMark, maskedMark, maskedText, steeredMark } from "../net/index.ts";
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

/** A rule of anybody. */
export interface RoutingRule {
  readonly priority: number;
  /** Where it leads; `undefined` where that is no table. */
  readonly table: number | undefined;
  /** What it asks for of the packet mark. */
  readonly mark: MaskedMark | undefined;
  /** Whether it leads there whatever comes from anywhere with that mark, and says nothing else. */
  readonly isPlain: boolean;
  /** Whether it takes what does not match. */
  readonly isInverted: boolean;
  /** Whether it refuses, or does something else than to lead to a table. */
  readonly hasAction: boolean;
  /** Who made it, as the kernel has it. */
  readonly protocol: number | undefined;
  /** As the tool printed it, for an error message. */
  readonly text: string;
}

/** From `ip -j -N rule show` of one family. Throws `KubespanError("command")` for anything else. */
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

/** From the same. */
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

/** The same rule elsewhere may be somebody else's, so ours bears a number in the place of who made it. */
const ownProtocol = 180;

const isCopy = (rule: RoutingRule, scope: RoutingScope): boolean =>
  rule.priority !== scope.priority && rule.protocol === ownProtocol && isOurs(rule, scope);

const foreignRule = ({ priority, table, mark, text }: RoutingRule): ForeignRule => ({
  priority,
  table,
  isMarked: mark !== undefined,
  text,
});

const localTable = 255;

/** Of the rules before ours: not the kernel's own, none that refuses, none that no packet with our mark can meet. */
function isAhead(rule: RoutingRule, scope: RoutingScope): boolean {
  const { priority, table, hasAction } = rule;
  if (priority >= scope.priority) return false;
  if (table === localTable || table === scope.table || hasAction) return false;
  return canMeet(rule, scope);
}

function canMeet({ mark, isInverted }: RoutingRule, scope: RoutingScope): boolean {
  if (mark === undefined || isInverted) return true;
  const steered = steeredMark(scope.marks);
  return ((mark.value ^ steered.value) & mark.mask & steered.mask) === 0;
}

/** Where ours has to stand once more, so that it comes before those of others; `undefined` where it need not or cannot. */
export function secondPriority({ ahead }: Pick<ObservedRules, "ahead">): number | undefined {
  const [first] = ahead;
  // A rule is put behind those of the same priority: before one of priority 0 there is no place.
  return first === undefined || first.priority === 0 ? undefined : first.priority - 1;
}

const isOurs = (rule: RoutingRule, scope: RoutingScope): boolean =>
  rule.isPlain && leadsIntoMesh(rule, scope);

/** Whether a rule sends what bears our mark to our table, whatever else it says. */
export function leadsIntoMesh(
  { table, mark }: RoutingRule,
  scope: Pick<RoutingScope, "table" | "marks">,
): boolean {
  const steered = steeredMark(scope.marks);
  return table === scope.table && mark?.value === steered.value && mark.mask === steered.mask;
}

/** `priority 32500 fwmark 0x40/0x60 lookup 180`: what `ip rule add` and `ip rule del` take. */
export function ruleArguments(scope: RoutingScope): string[] {
  const mark = maskedText(steeredMark(scope.marks));
  return ["priority", String(scope.priority), "fwmark", mark, "lookup", String(scope.table)];
}

/** The same for where it stands once more. */
export const copyArguments = (scope: RoutingScope, priority: number): string[] => [
  ...ruleArguments({ ...scope, priority }),
  "protocol",
  String(ownProtocol),
];
