import type { Address } from "../../net/index.ts";
import type { Runner } from "../../system/index.ts";
import { parsePathExceptions, pathExceptionsQuestion } from "../index.ts";

/**
 * Reads what routers said about the sizes of packets that pass to single addresses. Where the tool cannot tell, nothing is
 * known, and nothing depends on it.
 */
export async function observePathExceptions(run: Runner): Promise<ReadonlyMap<Address, number>> {
  try {
    return parsePathExceptions(await run({ program: "ip", args: pathExceptionsQuestion }));
  } catch {
    return new Map();
  }
}
