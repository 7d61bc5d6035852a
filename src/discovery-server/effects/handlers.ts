import { type Metadata, type ServerUnaryCall, type sendUnaryData, status } from "@grpc/grpc-js";
import type { ClusterServer } from "../../discovery/wire/generated/server.ts";
import { type Address, addressToBytes } from "../../net/index.ts";
import { KubespanError } from "../../system/error.ts";
import { clientAddress } from "../client-address.ts";
import type { FairRateLimit } from "../rate-limit.ts";
import { exhausted, type Refusal } from "../refusal.ts";
import { checkUpdate, idRefusal } from "../requests.ts";
import type { Store } from "../store.ts";
import { affiliateMessage, grpcError } from "./messages.ts";
import type { Watchers } from "./watchers.ts";

type Method = "Hello" | "AffiliateUpdate" | "AffiliateDelete" | "List" | "Watch";

/** A request was answered with this status, so many ms after it came; watching is answered when it has begun. */
export type OnAnswer = (method: Method, code: status, ms: number) => void;

export interface Service {
  readonly store: Store;
  readonly watchers: Watchers;
  readonly rateLimit: FairRateLimit;
  readonly trustProxy: boolean;
  readonly onAnswer: OnAnswer;
  /** What nobody expected, for the log. */
  readonly onFailure: (error: unknown) => void;
}

/** The part of a call that tells who asks. */
interface Caller {
  readonly metadata: Metadata;
  getPeer(): string;
}

/** What the five requests do. Every answer and every refusal is sent from here. */
export function clusterHandlers(service: Service): ClusterServer {
  const { store, watchers } = service;
  return {
    hello: unary(service, "Hello", (call) => {
      const from = addressOf(call, service.trustProxy);
      return { clientIp: Buffer.from(from === undefined ? [] : addressToBytes(from)) };
    }),
    affiliateUpdate: unary(service, "AffiliateUpdate", async ({ request }) => {
      const update = checkUpdate(request);
      return "refused" in update ? update : ((await store.update(request.clusterId, update)) ?? {});
    }),
    affiliateDelete: unary(service, "AffiliateDelete", async ({ request }) => {
      const refusal = idRefusal("affiliate id", request.affiliateId);
      if (!refusal) await store.delete(request.clusterId, request.affiliateId);
      return refusal ?? {};
    }),
    list: unary(service, "List", ({ request }) => ({
      affiliates: store.snapshot(request.clusterId).map(affiliateMessage),
    })),
    watch: (call) => {
      const { clusterId } = call.request;
      const refusal =
        admission(service, call, clusterId) ?? watchers.add(clusterId, call, store.snapshot(clusterId));
      service.onAnswer("Watch", refusal ? status[refusal.refused] : status.OK, 0);
      if (refusal) call.emit("error", grpcError(status[refusal.refused], refusal.reason));
    },
  };
}

type Answer<Response> = Response | Refusal | Promise<Response | Refusal>;

/** A request with one answer: admitted, worked on, and answered, whatever happens. */
function unary<Request extends { readonly clusterId: string }, Response extends object>(
  service: Service,
  method: Method,
  work: (call: ServerUnaryCall<Request, Response>) => Answer<Response>,
): (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>) => void {
  const answered = async (
    call: ServerUnaryCall<Request, Response>,
    callback: sendUnaryData<Response>,
  ): Promise<void> => {
    const since = performance.now();
    let code = status.OK;
    try {
      const outcome = admission(service, call, call.request.clusterId) ?? (await work(call));
      if (isRefusal(outcome)) code = status[outcome.refused];
      if (isRefusal(outcome)) callback(grpcError(code, outcome.reason));
      else callback(null, outcome);
    } catch (error) {
      code = error instanceof KubespanError ? status.UNAVAILABLE : status.INTERNAL;
      service.onFailure(error);
      callback(grpcError(code, "the service cannot do this now: try again"));
    }
    service.onAnswer(method, code, performance.now() - since);
  };
  return (call, callback) => void answered(call, callback);
}

/** What every request has to pass. */
function admission(service: Service, call: Caller, clusterId: string): Refusal | undefined {
  const from = addressOf(call, service.trustProxy);
  // Every node has a connection of its own, but for those that share a proxy's: there the cluster has to do.
  const node = service.trustProxy ? clusterId : call.getPeer();
  if (from !== undefined && !service.rateLimit.take(from, node, performance.now()))
    return exhausted("too many requests from this address");
  return idRefusal("cluster id", clusterId);
}

function addressOf(call: Caller, trustProxy: boolean): Address | undefined {
  const header = (name: string): string | undefined => call.metadata.get(name)[0]?.toString();
  const headers = { realIp: header("x-real-ip"), forwardedFor: header("x-forwarded-for") };
  return clientAddress(call.getPeer(), headers, trustProxy);
}

const isRefusal = (outcome: object): outcome is Refusal => "refused" in outcome;
