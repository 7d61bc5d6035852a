import { createHash } from "node:crypto";
import { isIP } from "node:net";
import { connect, type DetailedPeerCertificate } from "node:tls";
import { errorText, KubespanError } from "../../base/index.ts";
import type { HostPort } from "../../net/index.ts";
import { hostPortText } from "../../net/index.ts";
import { forwardSecret } from "../../system/index.ts";

const timeoutMs = 10_000;
/** The longest chain that is looked at. */
const deepest = 8;

/**
 * Asks a server of TLS for its certificates, and gives the one with this SHA-256, in PEM. Nothing else is believed of
 * what it says, and nothing is sent to it.
 */
export async function fetchAuthority(at: HostPort, fingerprint: Uint8Array): Promise<string> {
  const chain = await certificatesAt(at);
  const found = chain.find((der) => createHash("sha256").update(der).digest().equals(fingerprint));
  if (found)
    return `-----BEGIN CERTIFICATE-----\n${lines(found.toString("base64"))}\n-----END CERTIFICATE-----\n`;
  throw new KubespanError(
    "discovery",
    `the server at ${hostPortText(at)} is not the discovery service that the token means: its certificates are of another authority`,
    {
      hint: "is the token of this cluster, and does nobody sit on the way? Compare with 'kubespan token' there",
    },
  );
}

const lines = (base64: string): string => base64.replaceAll(/.{64}(?=.)/g, "$&\n");

function certificatesAt({ host, port }: HostPort): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      socket.destroy();
      reject(
        new KubespanError(
          "discovery",
          `the discovery service at ${hostPortText({ host, port })} cannot be reached: ${errorText(error)}`,
          { hint: "does it run, and does a firewall let this node reach its TCP port?", cause: error },
        ),
      );
    };
    const socket = connect({
      host,
      port,
      ALPNProtocols: ["h2"],
      ...(isIP(host) === 0 && { servername: host }),
      ...forwardSecret,
      rejectUnauthorized: false, // the fingerprint decides
      timeout: timeoutMs,
    });
    socket.once("secureConnect", () => {
      const chain = chainOf(socket.getPeerCertificate(true));
      socket.destroy();
      resolve(chain);
    });
    socket.once("timeout", () => fail(new Error(`no answer within ${timeoutMs / 1000} s`)));
    socket.once("error", fail);
    socket.once("close", () => fail(new Error("it ended the connection")));
  });
}

function chainOf(first: DetailedPeerCertificate): Buffer[] {
  const chain: Buffer[] = [];
  let at: DetailedPeerCertificate | undefined = first;
  // The certificate at the end of the chain is its own issuer.
  while (at?.raw && chain.length < deepest && !chain.some((der) => der.equals(at?.raw ?? der))) {
    chain.push(at.raw);
    at = at.issuerCertificate;
  }
  return chain;
}
