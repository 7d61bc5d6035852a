import { z } from "zod";
import { readJson } from "../base/index.ts";
import { secretStages } from "../config/index.ts";
import type { Rollout } from "./rollout.ts";
import { secretStatementLength } from "./statement.ts";

/** The largest size of the file in bytes, with which a cluster of the largest size fits. */
export const largestRollout = 1024 * 1024;

const form = z.strictObject({
  version: z.literal(1),
  number: z.int().nonnegative(),
  until: z.int().nonnegative(),
  statements: z.array(z.base64().max(secretStatementLength)).length(secretStages.length),
  receivers: z
    .array(
      z.strictObject({
        nodeId: z.string().max(256),
        publicKey: z.base64().length(44),
        label: z.string().max(512),
        has: z.enum(secretStages).exactOptional(),
        number: z.int().nonnegative().exactOptional(),
      }),
    )
    .max(4096),
});

/** The text of the file that keeps a rollout. It holds no secret. */
export const rolloutText = (rollout: Rollout): string => `${JSON.stringify({ version: 1, ...rollout })}\n`;

/** Reads the text that `rolloutText` writes; `undefined` for any other. */
export function parseRollout(text: string): Rollout | undefined {
  const read = readJson(text, form);
  if ("problem" in read) return undefined;
  const { version: _, ...rollout } = read.value;
  return rollout;
}
