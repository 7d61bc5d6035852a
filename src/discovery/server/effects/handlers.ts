import { type Metadata, type sendUnaryData, status } from "@grpc/grpc-js";
import { type Address, addressToBytes } from "../../../net/index.ts";
import type { ClusterServer } from "../../wire/generated/server.ts";
import { clientAddress } from "../client-address.ts";
import type { Change } from "../cluster-state.ts";
import type { Clusters } from "../clusters.ts";
import type { RateLimit } from "../rate-limit.ts";
import { exhausted, type Refusal } from "../refusal.ts";
import { checkUpdate, idRefusal } from "../requests.ts";
import { affiliateMessage, grpcError } from "./messages.ts";
import type { Watchers } from "./watchers.ts";

export interface Service {
  readonly clusters: Clusters;
  readonly watchers: Watchers;
  readonly rateLimit: RateLimit;
  readonly trustProxy: boolean;
  /** Called after an update: something may now expire earlier than before. */
  readonly onUpdate: () => void;
}

/** The part of a call that tells who asks. */
interface Caller {
  readonly metadata: Metadata;
  getPeer(): string;
}

/** What the five requests do. Every answer and every refusal is sent from here. */
export function clusterHandlers(service: Service): ClusterServer {
  const { clusters, watchers } = service;
  const told = (clusterId: string, outcome: Change | Refusal | undefined): Refusal | undefined => {
    if (!outcome) return undefined;
    if ("refused" in outcome) return outcome;
    watchers.tell(clusterId, outcome);
    return undefined;
  };
  return {
    hello: (call, callback) => {
      const from = addressOf(call, service.trustProxy);
      const clientIp = Buffer.from(from === undefined ? [] : addressToBytes(from));
      answer(callback, admission(service, call, call.request.clusterId) ?? { clientIp });
    },
    affiliateUpdate: (call, callback) => {
      const { clusterId } = call.request;
      const update = admission(service, call, clusterId) ?? checkUpdate(call.request);
      if ("refused" in update) return answer(callback, update);
      const outcome = clusters.update(clusterId, update, performance.now());
      service.onUpdate();
      answer(callback, told(clusterId, outcome) ?? {});
    },
    affiliateDelete: (call, callback) => {
      const { clusterId, affiliateId } = call.request;
      const refusal = admission(service, call, clusterId) ?? idRefusal("affiliate id", affiliateId);
      answer(callback, refusal ?? told(clusterId, clusters.delete(clusterId, affiliateId)) ?? {});
    },
    list: (call, callback) => {
      const { clusterId } = call.request;
      const refusal = admission(service, call, clusterId);
      answer(callback, refusal ?? { affiliates: clusters.snapshot(clusterId).map(affiliateMessage) });
    },
    watch: (call) => {
      const { clusterId } = call.request;
      const refusal =
        admission(service, call, clusterId) ?? watchers.add(clusterId, call, clusters.snapshot(clusterId));
      if (refusal) call.emit("error", grpcError(status[refusal.refused], refusal.reason));
    },
  };
}

/** What every request has to pass. */
function admission(service: Service, call: Caller, clusterId: string): Refusal | undefined {
  const from = addressOf(call, service.trustProxy);
  if (from !== undefined && !service.rateLimit.take(from, performance.now()))
    return exhausted("too many requests from this address");
  return idRefusal("cluster id", clusterId);
}

function addressOf(call: Caller, trustProxy: boolean): Address | undefined {
  const header = (name: string): string | undefined => call.metadata.get(name)[0]?.toString();
  const headers = { realIp: header("x-real-ip"), forwardedFor: header("x-forwarded-for") };
  return clientAddress(call.getPeer(), headers, trustProxy);
}

function answer<Response extends object>(
  callback: sendUnaryData<Response>,
  outcome: Response | Refusal,
): void {
  if (isRefusal(outcome)) callback(grpcError(status[outcome.refused], outcome.reason));
  else callback(null, outcome);
}

const isRefusal = (outcome: object): outcome is Refusal => "refused" in outcome;
