import { z } from "zod";
import { readJson } from "../base/index.ts";
import { longestStatement } from "./eviction.ts";
import { type Operators, openStatement } from "./operator-key.ts";
import { entered, mostEvictions, type Roll } from "./roll.ts";

/** The largest size of the file in bytes. */
export const largestRoll = 128 * 1024;

const form = z.strictObject({
  version: z.literal(1),
  statements: z.array(z.base64().max(longestStatement)).max(mostEvictions),
});

/** The text of the file that keeps the evictions. It needs no seal, since each statement is signed. */
export const rollText = (roll: Roll): string =>
  `${JSON.stringify({ version: 1, statements: [...roll.values()].map(({ statement }) => statement) })}\n`;

/** Reads the text of the file; `undefined` if it is damaged. Statements that no operator of now signed are left out. */
export function parseRoll(text: string, operators: Operators): Roll | undefined {
  const read = readJson(text, form);
  if ("problem" in read) return undefined;
  return read.value.statements.reduce((roll: Roll, statement) => {
    const eviction = openStatement(statement, operators);
    return eviction ? entered(roll, { eviction, statement }) : roll;
  }, new Map());
}
