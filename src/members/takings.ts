import type { Warning } from "../marks/index.ts";
import type { RefusedMember } from "./admit.ts";
import type { Taking } from "./claims.ts";

const mostWarnings = 20;
const mostTakers = 3;

/**
 * The warnings about networks that one member takes from another. They name both, because one of them is misconfigured
 * or reads traffic that is not its own. Several losses from one network are one warning. If a Talos node takes part, a
 * warning tells where it decides otherwise.
 */
export function takingWarnings(
  takings: readonly Taking[],
  refused: readonly RefusedMember[],
  hasTalos = false,
): Warning[] {
  const byLoss = new Map<string, Taking[]>();
  for (const taking of takings) {
    const { loser } = taking;
    const why = taking.of === "the same" ? taking.why : "";
    const key = `${loser.nodeId} ${loser.asked ?? loser.prefix} ${why}`;
    byLoss.set(key, [...(byLoss.get(key) ?? []), taking]);
  }
  const warnings = [
    ...refused.map(({ label, reason }): Warning => ({ who: `node ${label}`, what: `is no peer: ${reason}` })),
    ...[...byLoss.values()].flatMap((losses) => warningOf(losses, hasTalos)),
  ];
  const more = warnings.length - mostWarnings;
  if (more <= 0) return warnings;
  const rest = {
    who: `${more} more`,
    what: "members lose something to others: see what each peer is refused",
  };
  return [...warnings.slice(0, mostWarnings), rest];
}

function warningOf(takings: readonly Taking[], hasTalos: boolean): Warning[] {
  const [first] = takings;
  if (!first) return [];
  const { loser, taker } = first;
  const who = `node ${loser.label}`;
  const other = hasTalos ? onTalos(takings) : "";
  if (first.of === "the same")
    return [
      { who, what: `does not get ${loser.prefix}: ${taker.label} asks for it too and ${first.why}${other}` },
    ];
  const takers = [...new Set(takings.map((taking) => taking.taker.label))];
  const names = takers.slice(0, mostTakers).join(", ");
  const others = takers.length > mostTakers ? ` and ${takers.length - mostTakers} more` : "";
  const network = loser.asked ?? loser.prefix;
  const what =
    takings.length === 1
      ? `${taker.prefix} inside it goes`
      : `${takings.length} networks inside it, ${taker.prefix} first, go`;
  return [{ who, what: `asks for ${network}; ${what} to ${names}${others}${other}` }];
}

/** What Talos nodes make of it: of two members, the one with the lower id gets all that both claim. */
function onTalos(takings: readonly Taking[]): string {
  const isOther = takings.some(({ taker, loser }) => loser.nodeId < taker.nodeId);
  const [label] = takings.map(({ loser }) => loser.label);
  return isOther
    ? `; the Talos nodes in this mesh send it to ${label}, which has the lower id: let only one of them announce it`
    : "";
}
