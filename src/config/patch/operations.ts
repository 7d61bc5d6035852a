import { applyPatch } from "rfc6902";
import { z } from "zod";
import { KubespanError } from "../../base/index.ts";
import { shown } from "../problem.ts";
import type { Value } from "./merge.ts";

/** A place in a document. No setting is called as what JavaScript has in every map. */
const pointer = z.string().regex(/^(?!.*\/(?:__proto__|constructor|prototype)(?:\/|$))(?:\/[^]*)?$/);
const operations = z
  .array(
    z.discriminatedUnion("op", [
      z.object({ op: z.enum(["add", "replace", "test"]), path: pointer, value: z.unknown() }),
      z.object({ op: z.literal("remove"), path: pointer }),
      z.object({ op: z.enum(["move", "copy"]), path: pointer, from: pointer }),
    ]),
  )
  .max(1000);

const hint = 'expected a list such as [{"op": "replace", "path": "/mtu", "value": 1400}] (RFC 6902)';

/**
 * Carries out a JSON patch (RFC 6902) on a copy of a document. Throws `KubespanError("usage")` for a patch that is none,
 * or of which an operation is not possible.
 */
export function operated(document: Value, patch: Value): Value {
  const read = operations.safeParse(patch);
  if (!read.success) throw new KubespanError("usage", "the patch is a list, but no JSON patch", { hint });
  const root = { document: structuredClone(document) };
  const inside = read.data.map((each) => ({
    ...each,
    path: `/document${each.path}`,
    ...("from" in each && { from: `/document${each.from}` }),
  }));
  const failures = applyPatch(root, inside);
  const failed = failures.findIndex((failure) => failure !== null);
  const operation = read.data[failed];
  if (operation)
    throw new KubespanError(
      "usage",
      `operation ${failed + 1} of the patch, ${operation.op} ${shown(operation.path)}, is not possible: ` +
        (operation.op === "test" ? "another value is there" : "there is no such place"),
      { hint: "nothing was changed" },
    );
  return root.document;
}
