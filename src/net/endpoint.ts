import { type Address, familyOf, parseAddress } from "./address.ts";

declare const endpointBrand: unique symbol;

/** Where a UDP packet can be sent: `1.2.3.4:51820` or `[2001:db8::1]:51820`, canonical, port 1 to 65535. */
export type Endpoint = string & { readonly [endpointBrand]: true };

export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(0|[1-9]\d{0,4})$/.exec(text);
  const [, bracketed, plain, port] = match ?? [];
  const address = parseAddress(bracketed ?? plain ?? "");
  if (!address || bracketed?.includes(":") === false) return undefined;
  return endpointOf(address, Number(port));
}

/** `undefined` when the port is not one a packet can be sent to. */
export function endpointOf(address: Address, port: number): Endpoint | undefined {
  if (!Number.isInteger(port) || port < 1 || port > 65535) return undefined;
  return (familyOf(address) === 4 ? `${address}:${port}` : `[${address}]:${port}`) as Endpoint;
}

export const endpointAddress = (endpoint: Endpoint): Address => {
  const [start, end] = endpoint.startsWith("[") ? [1, endpoint.indexOf("]")] : [0, endpoint.indexOf(":")];
  return endpoint.slice(start, end) as Address;
};

export const endpointPort = (endpoint: Endpoint): number =>
  Number(endpoint.slice(endpoint.lastIndexOf(":") + 1));
