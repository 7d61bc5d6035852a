import type { Envelope } from "../../discovery/index.ts";
import { type Affiliate, WatchResponse } from "../../discovery/wire/index.ts";
import type { Change } from "../cluster-state.ts";
import { type Message, messageOf } from "../frame.ts";

/**
 * The bytes of each state of an affiliate and of a cluster. They are made once and kept as long as the state is in use.
 */
const encodedAffiliates = new WeakMap<Envelope, Buffer>();
const encodedSnapshots = new WeakMap<readonly Envelope[], Message>();

/**
 * The bytes of an affiliate, which is a field of its own in WatchResponse and in ListResponse, so that a message is a
 * sequence of them.
 */
function encodedAffiliate(envelope: Envelope): Buffer {
  const known = encodedAffiliates.get(envelope);
  if (known) return known;
  const made = encoded([affiliateMessage(envelope)], false);
  encodedAffiliates.set(envelope, made);
  return made;
}

/** The answer to List, and the first message of Watch. */
export function snapshotMessage(snapshot: readonly Envelope[]): Message {
  const known = encodedSnapshots.get(snapshot);
  if (known) return known;
  const made = messageOf(snapshot.map(encodedAffiliate));
  encodedSnapshots.set(snapshot, made);
  return made;
}

export function changeMessage(change: Change): Message {
  if (change.kind === "updated") return messageOf([encodedAffiliate(change.affiliate)]);
  return messageOf([encoded([{ id: change.id, data: Buffer.alloc(0), endpoints: [] }], true)]);
}

const encoded = (affiliates: Affiliate[], deleted: boolean): Buffer =>
  Buffer.from(WatchResponse.encode({ affiliates, deleted }).finish());

const affiliateMessage = ({ id, data, endpoints }: Envelope): Affiliate => ({
  id,
  data: viewOf(data),
  endpoints: endpoints.map(viewOf),
});

const viewOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
