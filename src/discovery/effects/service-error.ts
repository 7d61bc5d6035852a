import { type ServiceError, status } from "@grpc/grpc-js";
import { KubespanError } from "../../base/index.ts";
import { type Proxy, proxyFor, proxyText, type ServiceConfig } from "../../config/index.ts";
import { connectionFailure, unframed } from "../failure.ts";
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
    hint: "check the service and the path to it; one asked in plaintext, on a node of the mesh, is reached only while that peer is up",
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

/** What the library adds to the message of a call that is too late. */
const unresolved = "waiting for name resolution";

const fallback: Meaning = { text: "failed", hint: "see the log of the service; it is tried again" };
const boundsHint =
  "it sends what no service should, and nothing of it was taken: ask its operator, or use another service";
/** Makes a sentence about the service of anything that a call threw. The service's own words are made printable. */
export function serviceError(thrown: unknown, service: ServiceConfig): KubespanError {
  if (thrown instanceof KubespanError) return thrown;
  const code = isUnresolved(thrown) ? status.UNAVAILABLE : codeOf(thrown);
  const { text, hint } = meanings[code] ?? fallback;
  const { what, advice } = detailsOf(thrown, code, service);
  const details = what === "" ? "" : `: ${what}`;
  const proxy = proxyFor(service.proxies, service);
  const way = proxy ? ` (through the proxy ${proxyText(proxy)})` : "";
  return new KubespanError("discovery", `discovery service ${locationOf(service)}${way} ${text}${details}`, {
    hint: advice ?? hint,
    cause: thrown,
  });
}

interface Details {
  readonly what: string;
  /** The advice for exactly this, which is better than that for the code. */
  readonly advice?: string;
}

/** The details of a failure in words of ours where they are a library's, and else in those of the service. */
function detailsOf(thrown: unknown, code: status, { tls }: ServiceConfig): Details {
  const told = messageOf(thrown);
  if (told.includes(outOfBounds)) return { what: printable(told), advice: boundsHint };
  if (code === status.DEADLINE_EXCEEDED) return { what: "" };
  const [, httpStatus] = /^Received HTTP status code (\d+)/.exec(told) ?? [];
  if (httpStatus !== undefined) return { what: `it answered with the HTTP status ${httpStatus}` };
  const failure = areOwnWords(code) ? connectionFailure(told, tls) : undefined;
  return failure ? { what: failure.text, advice: failure.hint } : { what: printable(unframed(told)) };
}

/** Whether a library speaks, and not the service. */
const areOwnWords = (code: status): boolean =>
  [status.UNAVAILABLE, status.UNKNOWN, status.INTERNAL, status.CANCELLED].includes(code);
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

/** Whether a call failed because no answer came in time. */
export const isLate = (thrown: unknown): boolean => codeOf(thrown) === status.DEADLINE_EXCEEDED;

/** Whether a call was too late because no server of names answered: the service has nothing to do with it. */
const isUnresolved = (thrown: unknown): boolean => isLate(thrown) && messageOf(thrown).includes(unresolved);

function messageOf(thrown: unknown): string {
  if (isServiceError(thrown)) return thrown.details;
  return thrown instanceof Error ? thrown.message : String(thrown);
}
