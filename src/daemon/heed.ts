import type { Recipient } from "../members/effects/index.ts";
import type { GuessNotice, Leaving, Members, Notice } from "../members/index.ts";
import { heedNotice, isAboutGuess, labelOf } from "../members/index.ts";
import type { MembershipParts } from "./membership-parts.ts";
import type { NextKeysHeard } from "./next-keys.ts";
import type { Observers } from "./observers.ts";
import type { Around } from "./secret-change.ts";

/** Those whom notices concern. */
export interface Heeding {
  readonly parts: Pick<MembershipParts, "evictions" | "secretChange" | "clock" | "log">;
  readonly members: Members;
  readonly nextKeys: NextKeysHeard;
  readonly observers: Observers;
  readonly around: Around;
  readonly wake: () => void;
  readonly onObserved: () => void;
  readonly onGuess: (notice: GuessNotice, sender: string) => void;
  readonly letGo: (nodeId: string, leaving: Leaving) => void;
}

/** Decides about a notice of a proven sender. Tells whether the sender gets a receipt. */
export function heed(notice: Notice, { address, publicKey }: Recipient, at: Heeding): boolean {
  const { parts, members, wake } = at;
  if (notice.kind === "eviction") {
    const isObeyed = parts.evictions.take(notice.statement);
    if (isObeyed) wake();
    return isObeyed;
  }
  if (notice.kind === "key") return at.nextKeys.heed(notice, publicKey, members, wake);
  if (notice.kind === "secret") return parts.secretChange.heed(notice, publicKey, at.around);
  if (notice.kind === "observed") {
    if (at.observers.heed(notice, publicKey, members)) {
      at.onObserved();
      wake();
    }
    return true;
  }
  if (isAboutGuess(notice)) {
    at.onGuess(notice, publicKey);
    return true;
  }
  const member = members.get(notice.nodeId);
  if (!member || member.standing === "released") return true;
  const heeded = heedNotice(notice, member, publicKey, parts.clock());
  if ("leaving" in heeded) at.letGo(notice.nodeId, heeded.leaving);
  else {
    const text = `${notice.kind} of ${labelOf(member.claim)} is not obeyed: ${heeded.refused}`;
    parts.log.warn({ from: address }, text);
  }
  return true;
}
