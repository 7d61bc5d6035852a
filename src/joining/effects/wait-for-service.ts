import { setTimeout as delay } from "node:timers/promises";
import { fetchAuthority } from "../../authority/effects/index.ts";
import { messageText } from "../../base/index.ts";

const pollMs = 250;
/** The service listens on all addresses; others may reach it at one that does not lead back to this node. */
const host = "127.0.0.1";

interface Options {
  /** The TCP port of the service on this node. */
  readonly port: number;
  /** The SHA-256 of the certificate of its authority. */
  readonly fingerprint: Uint8Array;
  readonly seconds: number;
  /** Told why it does not answer yet, whenever that has changed. */
  readonly onProgress: (reason: string) => void;
}

/**
 * Waits until the discovery service of this node answers, for so many seconds; gives why it does not, or `undefined`.
 * Another program at the port, and a service of another mesh, is no answer.
 */
export async function waitForService({
  port,
  fingerprint,
  seconds,
  onProgress,
}: Options): Promise<string | undefined> {
  const end = performance.now() + seconds * 1000;
  let last = "";
  for (;;) {
    // The hint of the error is for other nodes.
    const problem = await fetchAuthority({ host, port }, fingerprint).then(() => undefined, messageText);
    if (problem === undefined) return undefined;
    if (problem !== last) onProgress(problem);
    last = problem;
    if (performance.now() >= end) return problem;
    await delay(pollMs);
  }
}
