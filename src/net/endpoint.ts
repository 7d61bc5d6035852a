import type { Address } from "./address.ts";
import { hostPortText, largestPort, parseAddressPort } from "./host-port.ts";

declare const endpointBrand: unique symbol;

/**
 * The address and port of a UDP socket in canonical text: `1.2.3.4:51820` or `[2001:db8::1]:51820`, with a port from 1
 * to 65535.
 */
export type Endpoint = string & { readonly [endpointBrand]: true };

export function parseEndpoint(text: string): Endpoint | undefined {
  const parsed = parseAddressPort(text);
  return parsed && endpointOf(parsed.host, parsed.port);
}

/** Makes an endpoint; `undefined` for a port to which no packet can be sent. */
export function endpointOf(address: Address, port: number): Endpoint | undefined {
  if (!Number.isInteger(port) || port < 1 || port > largestPort) return undefined;
  return hostPortText({ host: address, port }) as Endpoint;
}

export const endpointAddress = (endpoint: Endpoint): Address => {
  const [start, end] = endpoint.startsWith("[") ? [1, endpoint.indexOf("]")] : [0, endpoint.indexOf(":")];
  return endpoint.slice(start, end) as Address;
};

export const endpointPort = (endpoint: Endpoint): number =>
  Number(endpoint.slice(endpoint.lastIndexOf(":") + 1));
