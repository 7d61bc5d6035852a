import type { Logger } from "pino";
import type { MemberEvent } from "../members/index.ts";

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
