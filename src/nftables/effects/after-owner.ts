import { setTimeout as delay } from "node:timers/promises";
import { errorText, KubespanError } from "../../base/index.ts";
import type { Runner } from "../../system/index.ts";
import { isTransaction } from "./own-transactions.ts";

const longestMs = 3_000;
const pauseMs = 50;

/**
 * Makes a runner that carries out a transaction once the kernel permits it: the owner of a table ends a moment after the
 * daemon that was killed. One that goes on is said to be in the way.
 */
export const afterOwner =
  (run: Runner, limitMs = longestMs): Runner =>
  async (command) => {
    const until = performance.now() + limitMs;
    for (;;) {
      try {
        return await run(command);
      } catch (error) {
        if (!isTransaction(command) || !/Operation not permitted/.test(errorText(error))) throw error;
        if (performance.now() > until) throw ownedBy(error);
      }
      await delay(pauseMs);
    }
  };

const ownedBy = (error: unknown): KubespanError =>
  new KubespanError("command", errorText(error), {
    hint:
      "a process owns the table, and nobody else may change it: end the kubespan or nft that does ('nft list tables' " +
      "and 'pgrep -a nft' name them), or whatever keeps CAP_NET_ADMIN from nft",
    cause: error,
  });
