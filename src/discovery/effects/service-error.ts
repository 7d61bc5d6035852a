import { type ServiceError, status } from "@grpc/grpc-js";
import { KubespanError } from "../../base/index.ts";
import { type Proxy, proxyFor, proxyText, type ServiceConfig } from "../../config/index.ts";
import { printable } from "../text.ts";
import { outOfBounds } from "./bounded-client.ts";
import { locationOf } from "./service-location.ts";

interface Meaning {
  readonly text: string;
  readonly hint: string;
}

/** The meaning of a discovery service's status codes for an operator. */
const meanings: Readonly<Partial<Record<status, Meaning>>> = {
  [status.UNAVAILABLE]: {
    text: "cannot be reached",
    hint: "check that it runs, that its name resolves here, and that this node may connect to it; it is tried again",
  },
  [status.DEADLINE_EXCEEDED]: {
    text: "did not answer in time",
    hint: "check the service and the path to it (on a node of the mesh it is reached only while that peer is up); it is tried again",
  },
  [status.RESOURCE_EXHAUSTED]: {
    text: "has no room for this request",
    hint: "too many requests come from this address, or the cluster holds too many affiliates or endpoints",
  },
  [status.INVALID_ARGUMENT]: {
    text: "found the request malformed",
    hint: "check clusterID, and whether the service is compatible with this version",
  },
  [status.UNAUTHENTICATED]: {
    text: "does not know who we are",
    hint: "it asks for credentials, which KubeSpan does not have: use another service",
  },
  [status.PERMISSION_DENIED]: {
    text: "does not let this cluster in",
    hint: "ask its operator to admit the cluster id",
  },
  [status.UNIMPLEMENTED]: {
    text: "is not a discovery service",
    hint: "something else answers there: check the endpoint in the configuration",
  },
  [status.ABORTED]: {
    text: "cut this node off for reading too slowly",
    hint: "is this node overloaded? It is tried again",
  },
};

const fallback: Meaning = { text: "failed", hint: "see the log of the service; it is tried again" };
const authorityHint =
  "its certificate is not trusted: name the PEM file of its authority in serviceCAFiles (KubeSpanDaemonConfig)";
const nameHint =
  "its certificate is not trusted for this name: the endpoint has to have a name it was issued for";
const validityHint =
  "its certificate is not valid at this time: renew it, or set the clock of this node if that is wrong";
const boundsHint =
  "it sends what no service should, and nothing of it was taken: ask its operator, or use another service";
const schemeHint = "it may not speak TLS there: check the port, and https or http in the endpoint";

/** Makes a sentence about the service of anything that a call threw. The service's own words are made printable. */
export function serviceError(thrown: unknown, service: ServiceConfig): KubespanError {
  if (thrown instanceof KubespanError) return thrown;
  const { text, hint } = meanings[codeOf(thrown)] ?? fallback;
  const details = printable(detailsOf(thrown));
  const proxy = proxyFor(service.proxies, service);
  const way = proxy ? ` (through the proxy ${proxyText(proxy)})` : "";
  return new KubespanError(
    "discovery",
    `discovery service ${locationOf(service)}${way} ${text}: ${details}`,
    {
      hint: details.includes(outOfBounds) ? boundsHint : (tlsHint(details) ?? hint),
      cause: thrown,
    },
  );
}

/** What to do about a proxy that does not connect to a registry. */
export const proxyHint =
  "check HTTPS_PROXY, HTTP_PROXY or proxy.url, with the user and the password, and whether the proxy may connect " +
  "there; to go without it, name the server in NO_PROXY or proxy.except; it is tried again";

/** The error about a proxy that does not connect to a service, for that reason. */
export const proxyError = (service: ServiceConfig, proxy: Proxy, reason: string): KubespanError =>
  new KubespanError(
    "discovery",
    `discovery service ${locationOf(service)} cannot be reached through the proxy ${proxyText(proxy)}: ${reason}`,
    { hint: proxyHint },
  );

const isServiceError = (thrown: unknown): thrown is ServiceError =>
  thrown instanceof Error && "code" in thrown && typeof thrown.code === "number";

export const codeOf = (thrown: unknown): status => (isServiceError(thrown) ? thrown.code : status.UNKNOWN);

function detailsOf(thrown: unknown): string {
  if (isServiceError(thrown)) return thrown.details;
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function tlsHint(details: string): string | undefined {
  if (/expired|not yet valid/i.test(details)) return validityHint;
  if (/altnames/i.test(details)) return nameHint;
  if (/certificate|self.signed/i.test(details)) return authorityHint;
  return /SSL routines|wrong version number|EPROTO|packet length/i.test(details) ? schemeHint : undefined;
}
