import { kubespan } from "./daemon.ts";
import type { LabNode } from "./node.ts";
import { Service } from "./service.ts";

const port = 3000;

/** The files of a certificate and its key in the node's namespace. */
interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface DiscoveryOptions {
  readonly tls?: KeyPair;
  readonly snapshot?: string;
  readonly stun?: boolean;
  readonly relay?: true;
  readonly everywhere?: true;
  readonly realIp?: true;
}

/**
 * The process `kubespan discovery serve` on a node, in plaintext without a key pair. It has to be started before its
 * URL is of use; it listens when its start resolves.
 */
export class Discovery extends Service {
  readonly url: string;

  /**
   * `address` is one of the node's own addresses; IPv6 without brackets. With a `snapshot` file the service starts with what
   * it knew when it ended. With `relay` it carries packets. With `realIp` it believes a proxy about its clients' addresses.
   */
  constructor(
    node: LabNode,
    address: string,
    { tls, snapshot, stun = true, relay, everywhere, realIp }: DiscoveryOptions = {},
  ) {
    const host = address.includes(":") ? `[${address}]` : address;
    const security = tls ? ["--tls-cert", tls.cert, "--tls-key", tls.key] : ["--insecure"];
    const kept = snapshot === undefined ? [] : ["--snapshot", snapshot];
    const serve = [
      "discovery",
      "serve",
      "--listen",
      `${everywhere ? "[::]" : host}:${port}`,
      ...security,
      ...kept,
      ...(stun ? [] : ["--no-stun"]),
      ...(relay ? ["--relay"] : []),
      ...(realIp ? ["--trust-real-ip"] : []),
    ];
    super(node.namespace, "discovery", [kubespan, ...serve], "listening");
    this.url = `${tls ? "https" : "http"}://${host}:${port}/`;
  }
}
