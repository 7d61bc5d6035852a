import type { Envelope } from "../../discovery/index.ts";
import { type Affiliate, WatchResponse } from "../../discovery/wire/index.ts";
import type { Change } from "../cluster-state.ts";
import { type Message, messageOf } from "../frame.ts";

/** Of each state of an affiliate and of a cluster, the bytes; made once, for as long as somebody holds on to it. */
const encodedAffiliates = new WeakMap<Envelope, Buffer>();
const encodedSnapshots = new WeakMap<readonly Envelope[], Message>();

/** In WatchResponse and in ListResponse alike, an affiliate is a field of its own: a message is one after the other. */
function encodedAffiliate(envelope: Envelope): Buffer {
  const known = encodedAffiliates.get(envelope);
  if (known) return known;
  const made = encoded([affiliateMessage(envelope)], false);
  encodedAffiliates.set(envelope, made);
  return made;
}

/** The answer to List, and the first of Watch. */
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
