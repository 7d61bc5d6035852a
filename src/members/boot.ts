import type { Ledger } from "./ledger.ts";
import { connectedForMs, type Member } from "./member.ts";

/**
 * The ledger as it counts in this boot. A boot ends all sessions, so handshakes of the boot before are as old as those
 * that are no connection any more, however soon the machine is back. A ledger that names no boot counts as it stands.
 */
export function inThisBoot(ledger: Ledger, bootID: string | undefined, now: number): Ledger {
  if (ledger.bootID === undefined || bootID === undefined || ledger.bootID === bootID) return ledger;
  const members = [...ledger.members].map(
    ([nodeId, member]) => [nodeId, withoutSession(member, now)] as const,
  );
  return { ...ledger, members: new Map(members) };
}

function withoutSession(member: Member, now: number): Member {
  const { connectedAt } = member;
  return connectedAt === undefined
    ? member
    : { ...member, connectedAt: Math.max(0, Math.min(connectedAt, now - connectedForMs)) };
}
