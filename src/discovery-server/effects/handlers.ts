import type { IncomingHttpHeaders } from "node:http2";
import { status } from "@grpc/grpc-js";
import { KubespanError } from "../../base/index.ts";
import { sameHostAndPort, stunHeader } from "../../discovery/index.ts";
import { ClusterService } from "../../discovery/wire/index.ts";
import { addressToBytes } from "../../net/index.ts";
import { clientAddress, holderOf, isProxied, type ProxyTrust } from "../client-address.ts";
import { type Message, messageOf } from "../frame.ts";
import type { FairRateLimit } from "../rate-limit.ts";
import { exhausted, malformed, type Refusal } from "../refusal.ts";
import { checkUpdate, idRefusal } from "../requests.ts";
import type { Store } from "../store.ts";
import type { Call, Caller } from "./call.ts";
import { CallFailure } from "./call-failure.ts";
import type { Handler } from "./grpc-server.ts";
import type { Holdings } from "./holdings.ts";
import { snapshotMessage } from "./messages.ts";
import type { Watchers } from "./watchers.ts";

type Method = "Hello" | "AffiliateUpdate" | "AffiliateDelete" | "List" | "Watch" | "Carry";

/**
 * Reports that a request was answered with this status, so many milliseconds after it arrived. A watch and a stream
 * count as answered when they have begun.
 */
export type OnAnswer = (method: Method, code: status, tookMs: number) => void;

export interface Service {
  readonly store: Store;
  readonly holdings: Holdings;
  readonly watchers: Watchers;
  readonly rateLimit: FairRateLimit;
  readonly trust: ProxyTrust;
  /** Whether STUN is answered beside. */
  readonly answersStun: () => boolean;
  readonly onAnswer: OnAnswer;
  /** Takes an unexpected error, for the log. */
  readonly onFailure: (error: unknown) => void;
}

/** The outcome of a request: its answer, its refusal, or a call that goes on by itself. */
type Outcome = Message | Refusal | "begun";

/** The handlers of the five requests, by path. All answers and refusals are sent from here. */
export function clusterHandlers(service: Service): ReadonlyMap<string, Handler> {
  const { store, holdings, watchers } = service;
  const { hello, affiliateUpdate, affiliateDelete, list, watch } = ClusterService;
  const nothing = messageOf([]);
  return new Map<string, Handler>([
    [
      hello.path,
      handler(service, "Hello", hello.requestDeserialize, (_, call) => {
        const { address } = call.caller;
        if (service.answersStun()) call.mention(stunHeader, sameHostAndPort);
        const clientIp = Buffer.from(address === undefined ? [] : addressToBytes(address));
        return messageOf([hello.responseSerialize({ clientIp })]);
      }),
    ],
    [
      affiliateUpdate.path,
      handler(service, "AffiliateUpdate", affiliateUpdate.requestDeserialize, async (request, call) => {
        const update = checkUpdate(request);
        if ("refused" in update) return update;
        return (await holdings.update(store, call.caller.holder, request.clusterId, update)) ?? nothing;
      }),
    ],
    [
      affiliateDelete.path,
      handler(service, "AffiliateDelete", affiliateDelete.requestDeserialize, async (request) => {
        const refusal = idRefusal("affiliate id", request.affiliateId);
        if (!refusal) await store.delete(request.clusterId, request.affiliateId);
        return refusal ?? nothing;
      }),
    ],
    [
      list.path,
      handler(service, "List", list.requestDeserialize, ({ clusterId }) =>
        snapshotMessage(store.snapshot(clusterId)),
      ),
    ],
    [
      watch.path,
      handler(
        service,
        "Watch",
        watch.requestDeserialize,
        ({ clusterId }, call) => watchers.add(clusterId, call, store.snapshot(clusterId)) ?? "begun",
      ),
    ],
  ]);
}

/** A handler that admits a request, works on it, and answers in any case. */
function handler<Request extends { readonly clusterId: string }>(
  service: Service,
  method: Method,
  decode: (bytes: Buffer) => Request,
  work: (request: Request, call: Call) => Outcome | Promise<Outcome>,
): Handler {
  return async (call, bytes) => {
    const since = performance.now();
    const request = decoded(decode, bytes);
    const outcome = await outcomeOf(service, request, call, work);
    const code = isRefusal(outcome) ? status[outcome.refused] : status.OK;
    service.onAnswer(method, code, performance.now() - since);
    if (isRefusal(outcome)) call.end(code, outcome.reason);
    else if (outcome !== "begun") await answer(call, outcome);
  };
}

async function answer(call: Call, message: Message): Promise<void> {
  await call.send(message);
  call.end(status.OK);
}

async function outcomeOf<Request extends { readonly clusterId: string }>(
  service: Service,
  request: Request | Refusal,
  call: Call,
  work: (request: Request, call: Call) => Outcome | Promise<Outcome>,
): Promise<Outcome> {
  if (isRefusal(request)) return admission(service, call.caller, undefined) ?? request;
  try {
    return admission(service, call.caller, request.clusterId) ?? (await work(request, call));
  } catch (error) {
    service.onFailure(error);
    const reason = "the service cannot do this now: try again";
    if (error instanceof KubespanError) return { refused: "UNAVAILABLE", reason };
    throw new CallFailure(status.INTERNAL, reason);
  }
}

export function decoded<Request>(decode: (bytes: Buffer) => Request, bytes: Buffer): Request | Refusal {
  try {
    return decode(bytes);
  } catch {
    return malformed("that is no message of this protocol");
  }
}

/** The checks that every request has to pass. */
export function admission(
  service: Pick<Service, "trust" | "rateLimit">,
  caller: Caller,
  clusterId: string | undefined,
): Refusal | undefined {
  // Every node has its own connection, except behind a proxy, where the cluster stands for the node.
  const node = isProxied(service.trust) ? (clusterId ?? "") : caller.peer;
  const { address } = caller;
  if (address !== undefined && !service.rateLimit.take(address, node, performance.now()))
    return exhausted("too many requests from this address");
  return clusterId === undefined ? undefined : idRefusal("cluster id", clusterId);
}

/** The caller, from the connection and the headers. */
export function callerOf(peer: string, headers: IncomingHttpHeaders, trust: ProxyTrust): Caller {
  const header = (name: string): string | undefined => {
    const value = headers[name];
    return Array.isArray(value) ? value.join(",") : value;
  };
  const forwarding = { realIp: header("x-real-ip"), forwardedFor: header("x-forwarded-for") };
  const address = clientAddress(peer, forwarding, trust);
  return { peer, address, holder: address === undefined ? "unknown" : holderOf(address) };
}

export const isRefusal = (outcome: object | string): outcome is Refusal =>
  typeof outcome === "object" && "refused" in outcome;
