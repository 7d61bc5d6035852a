import { z } from "zod";
import { KubespanError, readJson } from "../base/index.ts";
import { type Marks, type Prefix, parseAddress, parsePrefix, unite } from "../net/index.ts";
import type { Exit } from "../nftables/index.ts";

/** The names and numbers by which a barrier is found in the kernel again. */
export interface BarrierNames {
  readonly interfaceName: string;
  readonly listenPort: number;
  readonly marks: Marks;
  readonly routing: { readonly table: number; readonly priority: number };
}

/**
 * The networks that were steered last: enough to close the node before anything else runs. Names and numbers of links,
 * marks and tables come from the configuration.
 */
export interface SavedBarrier {
  /** Those of the configuration, for a start at which it cannot be read; absent where they are the usual ones. */
  readonly names?: BarrierNames | undefined;
  readonly targets: readonly Prefix[];
  /** The MTU of the mesh link in bytes. */
  readonly mtu: number;
  /** The registries to which connections may leave outside the mesh. */
  readonly exits: readonly Exit[];
  /** The pod networks of peers that the main table refuses (`podNetworks.mainTable`). */
  readonly refused: readonly Prefix[];
}

const mostTargets = 200_000;
const mostExits = 256;

const exit = z.strictObject({
  address: z.string().transform((text, context) => {
    const address = parseAddress(text);
    if (address !== undefined) return address;
    context.addIssue({ code: "custom", message: "no address" });
    return z.NEVER;
  }),
  port: z.number().int().min(1).max(65_535),
  clients: z.enum(["node", "daemon"]),
});

const number = z.number().int().nonnegative().max(0xffffffff);
const namesForm = z.strictObject({
  interfaceName: z.string().regex(/^[\w.-]{1,15}$/),
  listenPort: number.max(65_535),
  marks: z.strictObject({ fromWireGuard: number, toWireGuard: number }),
  routing: z.strictObject({ table: number, priority: number }),
});

const form = z.strictObject({
  version: z.literal(1),
  mtu: z.number().int().min(1280).max(65_455),
  targets: z.array(z.string().max(64)).max(mostTargets),
  exits: z.array(exit).max(mostExits).default([]), // files of releases before have none
  refused: z.array(z.string().max(64)).max(mostTargets).default([]),
  names: namesForm.optional(),
});

/** The text of the file. What nobody asked for is left out, so that a release that does not know it reads the file. */
export const savedText = ({ targets, mtu, exits, refused, names }: SavedBarrier): string =>
  `${JSON.stringify({ version: 1, mtu, exits, targets, ...(refused.length > 0 && { refused }), names })}\n`;

/** Parses the file. Throws `KubespanError("state")` for any text that this program did not write. */
export function parseSaved(text: string, file: string): SavedBarrier {
  const read = readJson(text, form);
  if ("problem" in read) throw damaged(file, read.problem);
  const networkOf = (network: string): Prefix => {
    const prefix = parsePrefix(network);
    if (prefix === undefined) throw damaged(file, `no network: ${JSON.stringify(network)}`);
    return prefix;
  };
  const { mtu, exits, names } = read.value;
  const targets = unite(read.value.targets.map(networkOf));
  return { targets, mtu, exits, refused: read.value.refused.map(networkOf), ...(names && { names }) };
}

const damaged = (file: string, reason: string): KubespanError =>
  new KubespanError("state", `${file} is damaged: ${reason}`, {
    hint: "delete it: the daemon writes it anew; until it has, nothing is held back before it runs",
  });
