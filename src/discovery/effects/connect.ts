import { Metadata } from "@grpc/grpc-js";
import { KubespanError } from "../../base/index.ts";
import type { ServiceConfig } from "../../config/index.ts";
import { type Address, addressFromBytes } from "../../net/index.ts";
import { parseRedirect } from "../redirect.ts";
import { printable } from "../text.ts";
import type { ClusterClient, HelloResponse } from "../wire/index.ts";
import { openClient, request } from "./service-client.ts";
import { locationOf } from "./service-location.ts";

/** A service that has answered; whoever holds it closes `client`. */
export interface Connection {
  readonly client: ClusterClient;
  /** The address that the service sees us at. */
  readonly reflected?: Address;
}

interface Greeting {
  readonly clusterId: string;
  readonly clientVersion: string;
  readonly helloTimeoutMs: number;
}

const mostRedirects = 3;

/**
 * Says Hello and follows redirects, which change host and port, never whether TLS is used, and never for which name the
 * certificate has to be valid: a service can lead its clients only to whoever could stand in for it anyway.
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
      const response = await hello(client, greeting, signal);
      if (!response.redirect) return connection(client, response);
      client.close();
      at = { ...service, ...redirectTarget(at, response.redirect.endpoint) };
    } catch (error) {
      client.close();
      throw error;
    }
  }
  throw new KubespanError("discovery", `discovery service ${locationOf(service)} redirects in circles`, {
    hint: `more than ${mostRedirects} redirects are not followed: ask its operator`,
  });
}

const hello = (client: ClusterClient, greeting: Greeting, signal: AbortSignal): Promise<HelloResponse> =>
  request(
    (done) =>
      client.hello(
        { clusterId: greeting.clusterId, clientVersion: greeting.clientVersion },
        new Metadata(),
        { deadline: Date.now() + greeting.helloTimeoutMs },
        done,
      ),
    signal,
  );

function redirectTarget(from: ServiceConfig, endpoint: string): { host: string; port: number } {
  const target = parseRedirect(endpoint);
  if (target) return target;
  throw new KubespanError(
    "discovery",
    `discovery service ${locationOf(from)} redirects to "${printable(endpoint, 64)}", which is not host:port`,
    { hint: "ask its operator" },
  );
}

function connection(client: ClusterClient, response: HelloResponse): Connection {
  const reflected = addressFromBytes(response.clientIp);
  return { client, ...(reflected !== undefined && { reflected }) };
}
