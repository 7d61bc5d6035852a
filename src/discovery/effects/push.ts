import { Metadata, status } from "@grpc/grpc-js";
import type { Logger } from "pino";
import { dueUpdates, type Publication, type Update } from "../publication.ts";
import { printable } from "../text.ts";
import type { AffiliateUpdateResponse, ClusterClient } from "../wire/index.ts";
import { request } from "./service-client.ts";
import { codeOf } from "./service-error.ts";
import { pause, type Wake } from "./wake.ts";

interface PushOptions {
  readonly client: ClusterClient;
  readonly clusterId: string;
  /** What is to be known to the service now; the same object as long as nothing changes. */
  readonly publication: () => Publication | undefined;
  /** Notified when `publication` gives something else. */
  readonly changed: Wake;
  readonly ttlMs: number;
  readonly log: Logger;
  /** The service has what this node says about itself, or there is nothing to say. */
  readonly onOwnUpdate: () => void;
}

const timeoutMs = 10_000;
/** Between updates of other nodes' endpoints: a service lets 15 requests a second through. */
const betweenObservedMs = 100;
/** An observed endpoint that was refused is offered again after this. */
const retryRefusedMs = 60_000;

/** Sends what is new at once and the rest again every TTL/2, until a request fails. Only ever ends by throwing. */
export async function pushUpdates(options: PushOptions, signal: AbortSignal): Promise<never> {
  const refreshMs = options.ttlMs / 2;
  let sent = new Map<Update, number>();
  for (;;) {
    signal.throwIfAborted();
    const publication = options.publication() ?? { updates: [], leftOut: [] };
    const current = new Set(publication.updates);
    sent = new Map([...sent].filter(([update]) => current.has(update)));
    const { due, nextInMs } = dueUpdates(publication, sent, performance.now(), refreshMs);
    const [next] = due;
    if (!next?.data) options.onOwnUpdate(); // it is the first that is due, so it has been sent
    if (!next) await options.changed.wait(nextInMs, signal);
    else if (await isAccepted(next, options, signal)) sent.set(next, performance.now());
    else sent.set(next, performance.now() - refreshMs + retryRefusedMs);
    if (next && !next.data) await pause(betweenObservedMs, signal);
  }
}

/** A service that does not want another node's endpoints is no reason to give up on it. */
async function isAccepted(update: Update, options: PushOptions, signal: AbortSignal): Promise<boolean> {
  try {
    await send(update, options, signal);
    return true;
  } catch (error) {
    const refused = [status.RESOURCE_EXHAUSTED, status.INVALID_ARGUMENT].includes(codeOf(error));
    if (update.data || !refused) throw error;
    options.log.warn(
      {
        affiliate: update.affiliateId,
        reason: printable(error instanceof Error ? error.message : String(error)),
      },
      "the discovery service refused observed endpoints",
    );
    return false;
  }
}

const send = (update: Update, options: PushOptions, signal: AbortSignal): Promise<AffiliateUpdateResponse> =>
  request(
    (done) =>
      options.client.affiliateUpdate(
        {
          clusterId: options.clusterId,
          affiliateId: update.affiliateId,
          affiliateData: update.data && Buffer.from(update.data),
          affiliateEndpoints: update.endpoints.map((endpoint) => Buffer.from(endpoint)),
          ttl: { seconds: BigInt(Math.floor(options.ttlMs / 1000)), nanos: (options.ttlMs % 1000) * 1e6 },
        },
        new Metadata(),
        { deadline: Date.now() + timeoutMs },
        done,
      ),
    signal,
  );
