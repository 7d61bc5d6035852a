import { hexText } from "../../base/index.ts";
import type { Address, MaskedMark } from "../../net/index.ts";
import type { Runner } from "../../system/index.ts";
import { parseRouteTaken, type RouteTaken } from "../route-taken.ts";

/** Asks the kernel for the route of a packet, with a mark or without. Throws `KubespanError("command")` if there is none. */
export async function routeTo(
  run: Runner,
  address: Address,
  mark: MaskedMark | undefined,
): Promise<RouteTaken> {
  const marked = mark ? ["mark", hexText(mark.value)] : [];
  return parseRouteTaken(
    await run({ program: "ip", args: ["-j", "-N", "route", "get", address, ...marked] }),
  );
}
