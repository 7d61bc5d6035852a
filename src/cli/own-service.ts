import { fingerprintOf } from "../authority/index.ts";
import { KubespanError } from "../base/index.ts";
import { print } from "../system/index.ts";

interface OwnService {
  /** The TCP port at which it listens. */
  readonly port: number;
  /** The certificate of the cluster's authority, in PEM. */
  readonly authority: string;
  /** The longest wait; 0 for none. */
  readonly seconds: number;
}

/**
 * Waits until the discovery service that was started on this node answers, so that the next command on another node finds
 * it. Throws `KubespanError("discovery")` if it does not in time.
 */
export async function awaitOwnService({ port, authority, seconds }: OwnService): Promise<void> {
  const fingerprint = fingerprintOf(authority);
  if (seconds === 0 || fingerprint === undefined) return;
  const { waitForService } = await import("../joining/effects/index.ts");
  print(`waiting for the discovery service of this node, ${seconds} s at most\n`);
  const problem = await waitForService({ port, fingerprint, seconds, onProgress: sayWhy });
  if (problem === undefined) {
    print(`the discovery service answers at TCP port ${port}\n`);
    return;
  }
  throw new KubespanError(
    "discovery",
    `the discovery service of this node did not answer within ${seconds} s: ${problem}`,
    {
      hint: `all files are written, and systemd goes on trying. See why: systemctl status kubespan-discovery, journalctl -u kubespan-discovery; ss -tlnp shows who else has port ${port}. Once it answers, 'kubespan token' prints a token`,
    },
  );
}

/** The last part of a reason tells it in a line; the whole is said if the wait was in vain. */
const sayWhy = (reason: string): void =>
  print(`not yet: ${reason.slice(reason.lastIndexOf(": ") + 1).trim()}\n`);
