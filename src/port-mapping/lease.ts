import { type Address, type Endpoint, endpointOf, isPrivate, unreachableKind } from "../net/index.ts";
import type { MapAnswer } from "./answer.ts";
import type { Gateway } from "./gateway.ts";

export type Protocol = "PCP" | "NAT-PMP" | "UPnP-IGD";

/** The state of the mapping at one gateway. Times are in milliseconds since 1970. */
export type Lease =
  | {
      readonly kind: "held";
      readonly gateway: Gateway;
      readonly protocol: Protocol;
      /** The endpoint outside that leads here. */
      readonly external: Endpoint;
      readonly until: number;
      readonly nextAt: number;
    }
  | {
      readonly kind: "missing";
      readonly gateway: Gateway;
      /** The reason why there is no mapping. */
      readonly why: string;
      /** The number of times in a row that there was none. */
      readonly times: number;
      readonly nextAt: number;
    };

/** The mapping for `kubespan status`. */
export type PortMappingReport =
  | {
      readonly state: "held";
      readonly gateway: Address;
      readonly protocol: Protocol;
      readonly external: Endpoint;
      readonly expiresInSeconds: number;
    }
  | { readonly state: "missing"; readonly gateway?: Address; readonly why: string };

/** The report where the configuration asks for no mapping. */
export const portMappingOff: PortMappingReport = { state: "missing", why: "portMapping is off" };

/** The lifetime that is asked for. A router that started again is noticed when half of it is over. */
export const lifetimeSeconds = 3600;
/** Bounds of a granted lifetime, so that no answer makes this node ask all the time, or never again. */
const lifetimes = { least: 120, most: 24 * 3600 } as const;
/** The first and the longest wait in milliseconds for a gateway that gives no mapping. */
const retry = { first: 60_000, most: 3_600_000 } as const;

/** The lease after a mapping was asked for. `undefined` stands for a gateway that did not answer. */
export function leaseAfter(
  gateway: Gateway,
  before: Lease | undefined,
  outcome: { readonly protocol: Protocol; readonly answer: MapAnswer } | undefined,
  now: number,
): Lease {
  const missing = (why: string): Lease => {
    // What was granted holds until its end, also if the router is silent for a moment.
    if (before?.kind === "held" && outcome === undefined && now < before.until)
      return { ...before, nextAt: Math.min(before.until, now + retry.first) };
    const times = before?.kind === "missing" ? before.times + 1 : 0;
    return {
      kind: "missing",
      gateway,
      why,
      times,
      nextAt: now + Math.min(retry.first * 2 ** times, retry.most),
    };
  };
  if (!outcome) return missing("it does not answer PCP, NAT-PMP or UPnP-IGD");
  const { answer, protocol } = outcome;
  if (answer.kind === "unknown version") return missing("it knows none of PCP, NAT-PMP and UPnP-IGD");
  if (answer.kind === "refused") return missing(answer.why);
  const external = usable(answer);
  if ("why" in external) return missing(external.why);
  const seconds = Math.min(Math.max(answer.lifetimeSeconds, lifetimes.least), lifetimes.most);
  const ms = seconds * 1000;
  return { kind: "held", gateway, protocol, ...external, until: now + ms, nextAt: now + ms / 2 };
}

function usable({
  address,
  port,
}: Extract<MapAnswer, { kind: "mapped" }>): { readonly external: Endpoint } | { readonly why: string } {
  if (address === undefined) return { why: "it does not tell its outer address" };
  const kind = unreachableKind(address);
  if (kind !== undefined) return { why: `its outer address ${address} is ${kind}` };
  if (isPrivate(address))
    return { why: `its outer address ${address} is private: it is behind another NAT itself` };
  const external = endpointOf(address, port);
  return external === undefined ? { why: "it gave no port" } : { external };
}

/** Whether a lease says something else to others than the one before. */
export const isNews = (before: Lease | undefined, after: Lease): boolean =>
  before?.kind !== after.kind ||
  (before.kind === "held" && after.kind === "held" && before.external !== after.external);

export function reportOf(lease: Lease | undefined, now: number): PortMappingReport {
  if (!lease) return { state: "missing", why: "the default route leads to no IPv4 gateway" };
  const gateway = lease.gateway.address;
  if (lease.kind === "missing") return { state: "missing", gateway, why: lease.why };
  const { protocol, external, until } = lease;
  const expiresInSeconds = Math.max(0, Math.round((until - now) / 1000));
  return { state: "held", gateway, protocol, external, expiresInSeconds };
}
