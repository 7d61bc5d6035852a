import { type HostPort, parseAddress, parseHostPort, unreachableKind } from "../net/index.ts";

/** What a request says of itself. */
export interface Asked {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
}

const isLoopback = (host: string): boolean => {
  const address = parseAddress(host);
  return address === undefined ? host === "localhost" : unreachableKind(address) === "a loopback address";
};

/**
 * Why a request is refused that a page in a browser on this machine may have made; `undefined` for all others. A page may
 * ask any server, and reads the answer where its own name has come to stand for this machine (DNS rebinding). Monitoring
 * names no origin. It may call a node by any name, but a server on loopback is called by the address, or `localhost`.
 */
export function refusal(listen: HostPort, { host = "", origin }: Asked): string | undefined {
  if (origin !== undefined) return "pages of other servers are not answered";
  if (!isLoopback(listen.host)) return undefined;
  const called = parseHostPort(host, listen.port)?.host;
  const isOwn = called !== undefined && (called === "localhost" || parseAddress(called) !== undefined);
  return isOwn ? undefined : `ask for ${listen.host} or localhost: this server has no other name`;
}
