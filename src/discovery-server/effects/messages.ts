import { onceFor } from "../../base/index.ts";
import type { Envelope } from "../../discovery/index.ts";
import { type Affiliate, WatchResponse } from "../../discovery/wire/index.ts";
import type { Change } from "../cluster-state.ts";
import { type Message, messageOf, sharedMessage } from "../frame.ts";

/**
 * The bytes of an affiliate, which is a field of its own in WatchResponse and in ListResponse, so that a message is a
 * sequence of them.
 */
const encodedAffiliate = onceFor(
  (envelope: Envelope): Buffer => encoded([affiliateMessage(envelope)], false),
);

/** The answer to List, and the first message of Watch. */
export const snapshotMessage = onceFor(
  (snapshot: readonly Envelope[]): Message => messageOf(snapshot.map(encodedAffiliate)),
);

/** One message of changes that are all updates or all deletions. Watchers that are told the same changes share it. */
export const changesMessage = onceFor(
  (changes: readonly Change[]): Message => sharedMessage(messageOf(changes.map(encodedChange))),
);

const encodedChange = onceFor(
  (change: Change): Buffer =>
    change.kind === "updated"
      ? encodedAffiliate(change.affiliate)
      : encoded([{ id: change.id, data: Buffer.alloc(0), endpoints: [] }], true),
);

const encoded = (affiliates: Affiliate[], deleted: boolean): Buffer =>
  Buffer.from(WatchResponse.encode({ affiliates, deleted }).finish());

const affiliateMessage = ({ id, data, endpoints }: Envelope): Affiliate => ({
  id,
  data: viewOf(data),
  endpoints: endpoints.map(viewOf),
});

const viewOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
