import { stat } from "node:fs/promises";
import { pino } from "pino";
import { LedgerFile } from "../../../src/members/effects/ledger-file.ts";
import type { Prefix } from "../../../src/net/index.ts";
import { affiliateNamed, idOf, key } from "../discovery/samples.ts";
import { memberOf, membersOf } from "./member.ts";

/** A ledger, and what it wrote to the log. */
interface Opened {
  readonly ledger: LedgerFile;
  readonly log: string[];
}

export const boots = {
  first: "1a6ac1c5-0f61-4a6f-9e04-e9190e98dc5e",
  next: "2b7bd2d6-0f61-4a6f-9e04-e9190e98dc5e",
};

/** Opens the ledger in a folder. */
export async function openIn(
  stateDirectory: string,
  secret = key,
  { bootID, now }: { bootID: string | undefined; now: number } = { bootID: boots.first, now: 5_000 },
  steered: readonly Prefix[] = [],
): Promise<Opened> {
  const lines: string[] = [];
  const log = pino({ level: "info" }, { write: (line) => lines.push(line) });
  const cluster = { id: "a cluster", secret };
  const ledger = await LedgerFile.open({
    stateDirectory,
    cluster,
    nodeId: idOf("self"),
    log,
    clock: () => now,
    readSetting: async () => bootID,
    steeredBefore: async () => steered,
  });
  return { ledger, log: lines };
}

/** Members with these names. */
export const of = (...ids: readonly string[]) => membersOf(...ids.map((id) => memberOf(affiliateNamed(id))));
export const two = of("a", "b");

/** What tells one written file from the next. */
export const fileAt = async (path: string): Promise<readonly number[]> => {
  const { ino, mtimeMs } = await stat(path);
  return [ino, mtimeMs];
};
