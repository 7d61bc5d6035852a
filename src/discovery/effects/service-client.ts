import { isIP } from "node:net";
import { checkServerIdentity, getCACertificates } from "node:tls";
import { type ChannelCredentials, type ChannelOptions, credentials, type ServiceError } from "@grpc/grpc-js";
import { KubespanError } from "../../base/index.ts";
import { credentialsOf, proxyFor, type ServiceConfig } from "../../config/index.ts";
import { hostPortText } from "../../net/index.ts";
import { clientContext, readTextFile } from "../../system/index.ts";
import { largestMessageBytes } from "../message-bounds.ts";
import type { ClusterClient } from "../wire/index.ts";
import { BoundedClient } from "./bounded-client.ts";
import { quietLibrary } from "./grpc-log.ts";

const largestAuthoritiesBytes = 4 * 1024 * 1024;

const options: ChannelOptions = {
  // Only keepalive reveals a frozen service, whose host still acknowledges what is sent.
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 5_000,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc.max_receive_message_length": largestMessageBytes,
  // This program decides about retries, so nothing of an earlier connection is shared or remembered.
  "grpc.use_local_subchannel_pool": 1,
  "grpc.enable_retries": 0,
  "grpc.service_config_disable_resolution": 1,
  // The library has rules of its own for the proxies in the environment, and knows no others.
  "grpc.enable_http_proxy": 0,
};

/**
 * Opens a client of one address, which is not connected yet. With `name`, the certificate has to be valid for that name
 * instead of for the address, so that a client that was redirected still asks for the server that it was told to trust.
 * Throws `KubespanError("config")` if the CA file cannot be used.
 */
export async function openClient(service: ServiceConfig, name = service.host): Promise<ClusterClient> {
  quietLibrary();
  const proxy = proxyFor(service.proxies, service);
  const userAndPassword = proxy && credentialsOf(proxy);
  // The library reads a scheme out of anything that looks like one, such as the host "unix". The scheme here is always
  // DNS.
  const target = `dns:${hostPortText(service)}`;
  return new BoundedClient(proxy ? `dns:${hostPortText(proxy)}` : target, await securityOf(service, name), {
    ...options,
    ...(proxy && {
      "grpc.http_connect_target": target,
      "grpc.default_authority": hostPortText(service),
      ...(userAndPassword !== undefined && { "grpc.http_connect_creds": userAndPassword }),
    }),
    // A server chooses its certificate by the name that it is asked for, which cannot be an address.
    ...(service.tls && isIP(name) === 0 && { "grpc.ssl_target_name_override": name }),
  });
}

async function securityOf(service: ServiceConfig, name: string): Promise<ChannelCredentials> {
  if (!service.tls) return credentials.createInsecure();
  const authorities =
    service.caFile === undefined ? systemAuthorities() : await authoritiesIn(service.caFile);
  return credentials.createFromSecureContext(clientContext(authorities), {
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
  });
}

/** The authorities that the machine trusts, or those of Node on a machine without such a store. */
function systemAuthorities(): string {
  const system = getCACertificates("system");
  return (system.length > 0 ? system : getCACertificates("default")).join("\n");
}

async function authoritiesIn(path: string): Promise<string> {
  const hint = "serviceCAFiles names a PEM file with the certificates of the authorities to trust";
  const file = await readTextFile(path, { largest: largestAuthoritiesBytes, code: "config", hint });
  if (!file) throw new KubespanError("config", `${path} does not exist`, { hint });
  if (!file.text.includes("-----BEGIN CERTIFICATE-----"))
    throw new KubespanError("config", `${path} holds no certificate`, { hint });
  return file.text;
}

/** Makes one request with one answer, or its failure. Aborting it ends the wait at once. */
export function request<Response>(
  start: (done: (error: ServiceError | null, response: Response) => void) => { cancel(): void },
  signal: AbortSignal,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const call = start((error, response) => {
      signal.removeEventListener("abort", cancel);
      if (error) reject(error);
      else resolve(response);
    });
    const cancel = (): void => call.cancel();
    signal.addEventListener("abort", cancel);
    if (signal.aborted) cancel();
  });
}
