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

/**
 * The flags of a table that has an owner: a process with an open socket, without which nobody changes or deletes it. When
 * the owner ends, the table stays, and belongs to whoever adds it next with the same flags.
 */
const ownedFlags = "flags owner, persist";

/** The line of a table's text that makes it one with an owner. */
export const ownedLine = `\t${ownedFlags}\n`;

/** Whether a transaction makes whoever carries it out the owner of a table. */
export const takesTable = (input: string): boolean => input.includes(ownedFlags);

/** The transaction that makes whoever carries it out the owner of a table that was made with an owner. */
export const adoptingText = (table: TableName): string => `add table ${table} { ${ownedFlags}; }\n`;

/**
 * Like `replacingText`, for a table that has or gets an owner: such a one cannot be added without its flags. Whoever
 * knows the flags knows `destroy`, too, which does not fail where there is nothing.
 */
export const replacingOwnedText = (table: TableName, contents: string): string =>
  `destroy table ${table}\n${contents}`;

/**
 * A transaction that changes nothing, and that works only where tables can have an owner which others may follow, or
 * one that never works.
 */
export const trialText = (how: "works" | "fails"): string =>
  `add table inet kubespan_trial { ${ownedFlags}; }\n${how === "works" ? "" : "delete chain inet kubespan_trial none\n"}delete table inet kubespan_trial\n`;

/** The transaction that deletes a table that was seen. It fails if the table went away since. */
export const deletingText = (table: TableName): string => `delete table ${table}\n`;
