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
  /** The publication that the service should have now. It is the same object as long as nothing changes. */
  readonly publication: () => Publication | undefined;
  /** Notified when `publication` gives something else. */
  readonly changed: Wake;
  readonly ttlMs: number;
  readonly log: Logger;
  /** Called when the service has this node's own affiliate, or there is none to send. */
  readonly onOwnUpdate: () => void;
}

const timeoutMs = 10_000;
/** The pause in milliseconds between updates of other nodes' endpoints. A service lets 15 requests a second through. */
const betweenObservedMs = 100;
/** The time in milliseconds after which an endpoint that was refused is offered again. */
const retryRefusedMs = 60_000;

/** Sends new updates at once and all others again every TTL/2, until a request fails. Ends only by throwing. */
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
    if (!next?.data) options.onOwnUpdate(); // the own update is the first that is due, so it has been sent
    if (!next) await options.changed.wait(nextInMs, signal);
    else if (await isAccepted(next, options, signal)) sent.set(next, performance.now());
    else sent.set(next, performance.now() - refreshMs + retryRefusedMs);
    if (next && !next.data) await pause(betweenObservedMs, signal);
  }
}

/**
 * Sends an update and tells whether all of it was accepted. A refusal of another node's endpoints is no reason to give
 * up the service. Nor is a service without room for this node's endpoints, as long as it takes the rest: it keeps those of
 * before for half an hour, and all of them together may be too many.
 */
async function isAccepted(update: Update, options: PushOptions, signal: AbortSignal): Promise<boolean> {
  try {
    await send(update, options, signal);
    return true;
  } catch (error) {
    if (update.data && update.endpoints.length > 0 && codeOf(error) === status.RESOURCE_EXHAUSTED) {
      const endpoints = update.endpoints.slice(0, update.endpoints.length >> 1);
      await isAccepted({ ...update, endpoints }, options, signal);
      options.log.debug(`the discovery service has no room for ${update.endpoints.length} endpoints`);
      return false;
    }
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
