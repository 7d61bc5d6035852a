import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { KubespanError } from "../../base/index.ts";
import { proxyFor, type ServiceConfig } from "../../config/index.ts";
import {
  type Address,
  addressFromBytes,
  endpointAddress,
  type HostPort,
  parseEndpoint,
} from "../../net/index.ts";
import { parseRedirect } from "../redirect.ts";
import { offersStun, stunHeader } from "../stun-offer.ts";
import { printable } from "../text.ts";
import type { ClusterClient, HelloResponse } from "../wire/index.ts";
import { proxyProblem } from "./proxy-problem.ts";
import { openClient, request } from "./service-client.ts";
import { codeOf, proxyError } from "./service-error.ts";
import { locationOf } from "./service-location.ts";

/** A connection to a service that has answered. Its holder closes `client`. */
export interface Connection {
  readonly client: ClusterClient;
  /** The address at which the service sees this node. */
  readonly reflected?: Address;
  /** The address at which the service was reached, whatever names and redirects led there. */
  readonly reachedAt?: Address;
  /** The host and port at which the service answers STUN, if it says that it does. */
  readonly stun?: HostPort;
}

/** An answer, and the address and port from which it came, as the library tells them. */
interface Hello {
  readonly response: HelloResponse;
  readonly from: string;
  readonly offersStun: boolean;
}

interface Greeting {
  readonly clusterId: string;
  readonly clientVersion: string;
  readonly helloTimeoutMs: number;
}

const mostRedirects = 3;

/**
 * Says Hello and follows redirects. A redirect changes host and port, but neither the use of TLS nor the name for which
 * the certificate has to be valid. So a service can lead its clients only to servers that could stand in for it anyway.
 */
export async function connect(
  service: ServiceConfig,
  greeting: Greeting,
  signal: AbortSignal,
): Promise<Connection> {
  let at = service;
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const client = await openClient(at, service.host);
    try {
      const answer = await hello(client, greeting, signal);
      const { response } = answer;
      if (!response.redirect) return connection(client, answer, at);
      client.close();
      at = { ...service, ...redirectTarget(at, response.redirect.endpoint) };
    } catch (error) {
      client.close();
      throw await explained(error, at, signal);
    }
  }
  throw new KubespanError("discovery", `discovery service ${locationOf(service)} redirects in circles`, {
    hint: `more than ${mostRedirects} redirects are not followed: ask its operator`,
  });
}

const unreached: readonly status[] = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED];

/** The error of a request. If a proxy is the reason, which the library does not tell, the proxy is asked for it. */
async function explained(error: unknown, service: ServiceConfig, signal: AbortSignal): Promise<unknown> {
  const proxy = proxyFor(service.proxies, service);
  if (!proxy || signal.aborted || !unreached.includes(codeOf(error))) return error;
  const reason = await proxyProblem(proxy, service, signal);
  return reason === undefined ? error : proxyError(service, proxy, reason);
}

const hello = (client: ClusterClient, greeting: Greeting, signal: AbortSignal): Promise<Hello> =>
  request((done: (error: ServiceError | null, hello: Hello) => void) => {
    let offers = false;
    const call = client.hello(
      { clusterId: greeting.clusterId, clientVersion: greeting.clientVersion },
      new Metadata(),
      { deadline: Date.now() + greeting.helloTimeoutMs },
      (error, response) => done(error, { response, from: call.getPeer(), offersStun: offers }),
    );
    call.on("metadata", (headers: Metadata) => {
      offers = offersStun(headers.get(stunHeader));
    });
    return call;
  }, signal);

function redirectTarget(from: ServiceConfig, endpoint: string): { host: string; port: number } {
  const target = parseRedirect(endpoint);
  if (target) return target;
  throw new KubespanError(
    "discovery",
    `discovery service ${locationOf(from)} redirects to "${printable(endpoint, 64)}", which is not host:port`,
    { hint: "ask its operator" },
  );
}

function connection(
  client: ClusterClient,
  { response, from, offersStun: offers }: Hello,
  at: ServiceConfig,
): Connection {
  const isProxied = proxyFor(at.proxies, at) !== undefined;
  // Behind a proxy, the service sees the address of the proxy.
  const reflected = isProxied ? undefined : addressFromBytes(response.clientIp);
  const endpoint = parseEndpoint(from);
  return {
    client,
    ...(reflected !== undefined && { reflected }),
    ...(endpoint !== undefined && { reachedAt: endpointAddress(endpoint) }),
    ...(offers && { stun: { host: at.host, port: at.port } }),
  };
}
