import type { Logger } from "pino";
import type { ServiceConfig } from "../../config/index.ts";
import type { Carriage } from "../../stream/index.ts";
import type { KnownAffiliates } from "../known-affiliates.ts";
import type { Publication } from "../publication.ts";
import { carryPackets } from "./carry.ts";
import { type Connection, connect } from "./connect.ts";
import { pushUpdates } from "./push.ts";
import { locationOf } from "./service-location.ts";
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
  /** The carriage for packets of this node; absent where none is wanted. */
  readonly carried?:
    | { readonly carriage: Carriage; readonly nodeId: string; readonly room: Buffer }
    | undefined;
  readonly log: Logger;
}

/** The facts that an answer to Hello tells beside itself. */
export type Greeted = Omit<Connection, "client">;

/** The events of a session. */
export interface SessionEvents {
  onHello(seen: Greeted): void;
  /** Reports that `known` changed; with `isSnapshot` it is complete for the first time. */
  onAffiliates(isSnapshot: boolean): void;
  onOwnUpdate(): void;
}

/**
 * Runs one connection: Hello, then Watch, with the updates beside it, as the service greets
 * a client before anything else. The first failure ends all of it. Ends only by throwing, also when it is aborted.
 */
export async function runSession(
  options: SessionOptions,
  events: SessionEvents,
  signal: AbortSignal,
): Promise<never> {
  const { client, ...greeted } = await connect(options.service, options, signal);
  events.onHello(greeted);
  const announced = Promise.withResolvers<void>();
  const onOwnUpdate = (): void => {
    if (options.publication()) announced.resolve();
    events.onOwnUpdate();
  };
  const { carried, service } = options;
  const carrying = carried && {
    ...options,
    ...carried,
    service: locationOf(service),
    client,
    announced: announced.promise,
  };
  try {
    return await untilOneFails(signal, (inside) => [
      watchCluster({ ...options, client, onMessage: (first) => events.onAffiliates(first) }, inside),
      pushUpdates({ ...options, client, onOwnUpdate }, inside),
      ...(carrying ? [carryPackets(carrying, inside)] : []),
    ]);
  } finally {
    client.close();
  }
}
