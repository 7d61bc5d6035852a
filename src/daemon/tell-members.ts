import type { Logger } from "pino";
import type { Messenger } from "../members/effects/index.ts";
import type { MemberEvent, Members, Telling } from "../members/index.ts";
import { recipientFor } from "./leave.ts";

/**
 * The largest number of vanished members that are named. If more vanish at once, a service or a network lost them, not
 * each of them.
 */
const mostNamed = 3;

/** Logs what has become of members. */
export function tellMembers(log: Logger, events: readonly MemberEvent[]): void {
  for (const { label, nodeId, ...event } of events) {
    if (event.kind === "joined") log.debug({ nodeId }, `${label} is a member of the mesh`);
    if (event.kind === "returned") log.info({ nodeId }, `${label} is back`);
    if (event.kind === "released") log.info({ nodeId }, `${label} is no member any more: ${event.why}`);
    if (event.kind === "unlisted")
      log.info({ nodeId }, `${label} stays a member while it is connected: ${event.why}`);
  }
  const vanished = events.filter(({ kind }) => kind === "vanished").map(({ label }) => label);
  if (vanished.length === 0) return;
  const named = vanished.slice(0, mostNamed).join(", ");
  const more = vanished.length > mostNamed ? ` and ${vanished.length - mostNamed} more` : "";
  log.warn(
    { members: vanished.length },
    `${named}${more} vanished without a farewell; what is sent to them is refused. For those that are gone for good: ` +
      `kubespan forget ${vanished[0]}`,
  );
}

/** Tells members at which endpoints this node sees them. One that does not confirm is told again later. */
export async function tellObserved(
  messenger: Messenger,
  members: Members,
  due: readonly Telling[],
  number: number,
): Promise<void> {
  await Promise.all(
    due.map(async ({ nodeId, endpoint, since }) => {
      const member = members.get(nodeId);
      const seconds = Math.max(0, Math.round((number - since) / 1000));
      const notice = { kind: "observed" as const, nodeId, number, endpoint, seconds };
      if (member) await messenger.tell(recipientFor(member), notice);
    }),
  );
}
