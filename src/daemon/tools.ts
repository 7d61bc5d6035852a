import type { Logger } from "pino";
import { afterOwner, OwnTransactions, TableOwner } from "../nftables/effects/index.ts";
import { type Runner, Shells } from "../system/index.ts";

/** What a daemon runs tools with. */
export interface Tools {
  readonly shells: Shells;
  readonly owner: TableOwner;
  /** The transactions that `run` makes in nft, by which they are known as this daemon's own. */
  readonly transactions: OwnTransactions;
  readonly run: Runner;
}

export async function openTools(log: Logger): Promise<Tools> {
  const shells = new Shells({ areUsed: process.env["KUBESPAN_BENCH_SHELLS"] !== "no" });
  const owner = await TableOwner.open(shells.run, (reason) =>
    log.info(
      { reason },
      "the nft table has no owner here: others can flush it, and this daemon makes it anew then",
    ),
  );
  const transactions = new OwnTransactions();
  return { shells, owner, transactions, run: transactions.signing(afterOwner(owner.run)) };
}

export async function closeTools({ shells, owner }: Pick<Tools, "shells" | "owner">): Promise<void> {
  await Promise.all([shells.close(), owner.close()]);
}
