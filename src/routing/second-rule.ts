import type { Stage, Step } from "../base/index.ts";
import type { Family } from "../net/index.ts";
import { copyArguments, type ObservedRules, type RoutingScope, secondPriority } from "./rules.ts";

/**
 * Plans to put our rule once more right before the first rule of others that comes before ours. Otherwise packets for
 * the mesh would go where the rules of others lead (several uplinks, Tailscale), and be dropped there. Packets with our
 * mark come no further than this copy, so that the rules of others behind it need none of their own. The copy moves
 * when another rule comes before it, and goes with the last of them.
 */
export function planSecondRule(family: Family, scope: RoutingScope, observed: ObservedRules): Step[] {
  const wanted = secondPriority(observed);
  const addition =
    wanted === undefined || observed.copies.includes(wanted)
      ? []
      : [
          step(
            "grow",
            `let the mesh come before rules of others: IPv${family} rule, priority ${wanted}`,
            family,
            [["add", ...copyArguments(scope, wanted)]],
          ),
        ];
  return [...addition, ...removeCopies(family, scope, observed, wanted)];
}

/** Plans to take our rule away wherever it stands besides its own place, except at the priority that is kept. */
export function removeCopies(
  family: Family,
  scope: RoutingScope,
  { copies }: ObservedRules,
  kept?: number,
): Step[] {
  const extra = copies.filter((priority, at) => priority !== kept || copies.indexOf(priority) !== at);
  if (extra.length === 0) return [];
  const text = `delete the IPv${family} rule that came before rules of others, priority ${extra.join(", ")}`;
  return [
    step(
      "shrink",
      text,
      family,
      extra.map((priority) => ["del", ...copyArguments(scope, priority)]),
    ),
  ];
}

const step = (stage: Stage, text: string, family: Family, changes: readonly (readonly string[])[]): Step => ({
  stage,
  text,
  commands: changes.map((change) => ({ program: "ip", args: [`-${family}`, "rule", ...change] })),
});
