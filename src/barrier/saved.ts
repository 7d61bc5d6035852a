import { z } from "zod";
import { KubespanError, readJson } from "../base/index.ts";
import { type Prefix, parsePrefix, unite } from "../net/index.ts";

/**
 * The networks that were steered last: enough to close the node before anything else runs. Names and numbers of links,
 * marks and tables come from the configuration.
 */
export interface SavedBarrier {
  readonly targets: readonly Prefix[];
  /** The MTU of the mesh link in bytes. */
  readonly mtu: number;
}

const mostTargets = 200_000;

const form = z.strictObject({
  version: z.literal(1),
  mtu: z.number().int().min(1280).max(65_455),
  targets: z.array(z.string().max(64)).max(mostTargets),
});

export const savedText = ({ targets, mtu }: SavedBarrier): string =>
  `${JSON.stringify({ version: 1, mtu, targets })}\n`;

/** Parses the file. Throws `KubespanError("state")` for any text that this program did not write. */
export function parseSaved(text: string, file: string): SavedBarrier {
  const read = readJson(text, form);
  if ("problem" in read) throw damaged(file, read.problem);
  const targets = read.value.targets.map((target) => {
    const prefix = parsePrefix(target);
    if (prefix === undefined) throw damaged(file, `no network: ${JSON.stringify(target)}`);
    return prefix;
  });
  return { targets: unite(targets), mtu: read.value.mtu };
}

const damaged = (file: string, reason: string): KubespanError =>
  new KubespanError("state", `${file} is damaged: ${reason}`, {
    hint: "delete it: the daemon writes it anew; until it has, nothing is held back before it runs",
  });
