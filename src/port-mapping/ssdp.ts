import type { Address } from "../net/index.ts";

/** The group and port at which devices of UPnP listen for searches. */
export const ssdp = { group: "239.255.255.250", port: 1900 } as const;
/** The largest answer in bytes that is read, and the longest URL in it. */
const largest = { answer: 2048, url: 512 } as const;

const targets = [1, 2].map((version) => `urn:schemas-upnp-org:device:InternetGatewayDevice:${version}`);

/** The searches for an Internet gateway, of each version: not every router of the second one answers to the first. */
export const searches = (host: string): readonly Uint8Array[] =>
  targets.map((target) =>
    Buffer.from(
      `M-SEARCH * HTTP/1.1\r\nHOST: ${host}:${ssdp.port}\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: ${target}\r\n\r\n`,
    ),
  );

/** Reads from an answer to a search where the gateway describes itself; `undefined` for bytes that are no answer of that gateway's. */
export function readLocation(packet: Uint8Array, gateway: Address): URL | undefined {
  if (packet.length > largest.answer) return undefined;
  const [first = "", ...headers] = Buffer.from(packet).toString("latin1").split("\r\n");
  if (!/^HTTP\/1\.[01] 200(?: |$)/.test(first)) return undefined;
  const line = headers.find((header) => /^location:/i.test(header));
  return line === undefined ? undefined : urlAt(line.slice("location:".length).trim(), gateway);
}

/**
 * Reads a URL of the gateway's, which may be relative to another one. `undefined` for one that leads elsewhere: whoever
 * answers does not make this node, which is root, ask others.
 */
export function urlAt(text: string, gateway: Address, base?: URL): URL | undefined {
  const url = text.length > largest.url ? null : URL.parse(text, base?.href);
  const isOwn =
    url?.protocol === "http:" && url.hostname === gateway && url.username === "" && url.password === "";
  return isOwn && url.port !== "0" ? url : undefined;
}
