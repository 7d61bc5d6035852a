import type { Taken, Why } from "../api/index.ts";
import { errorText, KubespanError } from "../base/index.ts";
import { type Address, maskedText, steeredMark } from "../net/index.ts";
import { setsHolding } from "../nftables/effects/index.ts";
import { decidedWay, differencesBetween, type Seen } from "../resources/index.ts";
import { routeTo } from "../routing/effects/index.ts";
import type { Runner } from "../system/index.ts";

/** Tells where packets of this node for an address go: as was decided, and as the kernel says. */
export async function askWay(run: Runner, seen: Seen, address: Address): Promise<Why> {
  const { way, ...decided } = decidedWay(seen, address);
  const taken = await wayTaken(run, seen, address);
  return { address, ...decided, decided: way, taken, differences: differencesBetween(way, taken) };
}

/** Asks the kernel: the sets, and then the routes with the mark that the table gives. */
async function wayTaken(run: Runner, { config }: Seen, address: Address): Promise<Taken> {
  const sets = await setsHolding(run, config.interfaceName, address);
  const steered = steeredMark(config.marks);
  const mark = sets.length > 0 ? { mark: maskedText(steered) } : {};
  try {
    const route = await routeTo(run, address, sets.length > 0 ? steered : undefined);
    return { sets, ...mark, ...route };
  } catch (error) {
    if (!(error instanceof KubespanError)) throw error;
    return { sets, ...mark, refused: complaintOf(error) };
  }
}

/** The kernel's own words in the message of a tool that failed. */
const complaintOf = (error: KubespanError): string =>
  errorText(error).split("RTNETLINK answers: ").at(-1) ?? "";
