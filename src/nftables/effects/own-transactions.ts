import { randomBytes } from "node:crypto";
import type { Command } from "../../base/index.ts";
import type { Runner } from "../../system/index.ts";

/**
 * The largest number of signatures that are awaited. The oldest is forgotten when there are more: nobody watched when
 * it came.
 */
const mostExpected = 64;
const signature = /^delete table inet (kubespan_signature_[0-9a-f]{16})$/;

/**
 * Tells this program's transactions from those of others by their contents. Each one ends with a table that comes and
 * goes in it, and whose name is used once. `nft monitor` prints both changes, and no packet and no listing ever meets
 * that table. It does not matter which process made a transaction, nor in which container.
 */
export class OwnTransactions {
  readonly #expected = new Set<string>();

  /** Makes a runner that signs its transactions. */
  readonly signing =
    (run: Runner): Runner =>
    async (command) => {
      if (!isTransaction(command)) return run(command);
      const name = this.#next();
      try {
        return await run({ ...command, input: `${command.input}\n${signatureText(name)}` });
      } catch (error) {
        this.#expected.delete(name); // a transaction that failed changed nothing, so nothing will be told of it
        throw error;
      }
    };

  /** Whether a line of `nft monitor` is the last one of a transaction of this program. Each signature is found once. */
  readonly isSignature = (line: string): boolean => {
    const name = signature.exec(line)?.[1];
    return name !== undefined && this.#expected.delete(name);
  };

  #next(): string {
    const name = `kubespan_signature_${randomBytes(8).toString("hex")}`;
    const [oldest] = this.#expected;
    if (this.#expected.size >= mostExpected && oldest !== undefined) this.#expected.delete(oldest);
    this.#expected.add(name);
    return name;
  }
}

/** Whether a command changes nftables. */
export const isTransaction = (command: Command): command is Command & { readonly input: string } =>
  command.program === "nft" && typeof command.input === "string";

const signatureText = (name: string): string => `add table inet ${name}\ndelete table inet ${name}\n`;
