import type { Logger } from "pino";
import type { ServiceConfig } from "../../config/index.ts";
import type { Address } from "../../net/index.ts";
import type { KnownAffiliates } from "../known-affiliates.ts";
import type { Publication } from "../publication.ts";
import { connect } from "./connect.ts";
import { pushUpdates } from "./push.ts";
import { untilOneFails } from "./until-one-fails.ts";
import type { Wake } from "./wake.ts";
import { watchCluster } from "./watch.ts";

export interface SessionOptions {
  readonly service: ServiceConfig;
  readonly clusterId: string;
  readonly clientVersion: string;
  readonly helloTimeoutMs: number;
  readonly snapshotTimeoutMs: number;
  readonly graceMs: number;
  readonly ttlMs: number;
  readonly known: KnownAffiliates;
  readonly publication: () => Publication | undefined;
  readonly changed: Wake;
  readonly log: Logger;
}

/** What a session tells while it lasts. */
export interface SessionEvents {
  onHello(reflected: Address | undefined, reachedAt: Address | undefined): void;
  /** `known` changed; with `isSnapshot` it is complete for the first time. */
  onAffiliates(isSnapshot: boolean): void;
  onOwnUpdate(): void;
}

/**
 * One life of a connection: Hello, then Watch, and beside it the updates (reference section 4, "Semantics"). The first
 * thing that fails ends all of it. Only ever ends by throwing, an abort included.
 */
export async function runSession(
  options: SessionOptions,
  events: SessionEvents,
  signal: AbortSignal,
): Promise<never> {
  const { client, reflected, reachedAt } = await connect(options.service, options, signal);
  events.onHello(reflected, reachedAt);
  try {
    return await untilOneFails(signal, (inside) => [
      watchCluster({ ...options, client, onMessage: (first) => events.onAffiliates(first) }, inside),
      pushUpdates({ ...options, client, onOwnUpdate: () => events.onOwnUpdate() }, inside),
    ]);
  } finally {
    client.close();
  }
}
