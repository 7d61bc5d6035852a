import { networkInterfaces } from "node:os";
import { createSecureContext } from "node:tls";
import type { Logger } from "pino";
import { openAuthority, parseAuthorityKey } from "../../authority/index.ts";
import { errorText } from "../../base/index.ts";
import { forwardSecret, readPem } from "../../system/index.ts";
import type { Certificates } from "./certificates.ts";

/** The interval at which a new certificate is made, far shorter than the time for which one is valid. */
const renewEveryMs = 24 * 3600 * 1000;

interface Options {
  /** The file with the key of the cluster's authority. */
  readonly file: string;
  /** The names and addresses at which the service is reached, besides the node's own addresses. */
  readonly names: readonly string[];
  readonly log: Logger;
  /** The time in milliseconds since 1970. */
  readonly clock?: () => number;
  readonly renewMs?: number;
}

/**
 * Certificates that the service makes for itself with the key of the cluster's authority. They are never written to a
 * disk, and are made anew every day, with the addresses that the node has then.
 */
export async function issueCertificates(options: Options): Promise<Certificates> {
  const { file, names, log, clock = Date.now, renewMs = renewEveryMs } = options;
  const authority = await openAuthority(parseAuthorityKey((await readPem(file)).toString(), file));
  const issue = () => authority.issue(certifiedNames(names), clock());
  const listeners = new Set<() => void>();
  let current = await issue();
  createSecureContext(current); // a certificate that does not work shall fail here, and not at the first client
  const reload = async (): Promise<void> => {
    try {
      current = await issue();
      for (const listener of listeners) listener();
      log.info("new certificate in use");
    } catch (error) {
      log.error(`the certificate stays as it was: ${errorText(error)}`);
    }
  };
  const timer = setInterval(() => void reload(), renewMs).unref();
  return {
    tls: {
      options: () => ({ ...current, ...forwardSecret }),
      asksClients: false,
      onChange: (listener) => listeners.add(listener),
    },
    reload,
    close: () => clearInterval(timer),
  };
}

function certifiedNames(given: readonly string[]): string[] {
  const links = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const own = links.filter(({ scopeid = 0 }) => scopeid === 0).map(({ address }) => address);
  return [...new Set([...given, "localhost", ...own])];
}
