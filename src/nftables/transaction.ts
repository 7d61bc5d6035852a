import type { Command, Step } from "../base/index.ts";
import { INPUT } from "../base/index.ts";

/** The name of a table of ours with its family, as nft has it. */
export type TableName = `${"inet" | "ip" | "ip6"} ${string}`;

/** The command that changes nftables, either all of it at once or nothing. */
export const nftCommand = (input: string): Command => ({ program: "nft", args: ["-f", INPUT], input });

export const nftStep = (text: string, input: string): Step => ({
  stage: "swap",
  text,
  commands: [nftCommand(input)],
});

/**
 * The transaction that puts a table in place of whatever is there when it is carried out, so that no packet meets a
 * missing one. Without contents it takes the table away. `add` comes first, because deleting a table that is not there
 * would fail.
 */
export const replacingText = (table: TableName, contents = ""): string =>
  `add table ${table}\ndelete table ${table}\n${contents}`;

/** The transaction that deletes a table that was seen. It fails if the table went away since. */
export const deletingText = (table: TableName): string => `delete table ${table}\n`;
