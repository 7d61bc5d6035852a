import { type Address, familyOf, networkOf, prefixOf } from "../../net/index.ts";
import type { Runner } from "../../system/index.ts";
import { targetSets } from "../sets.ts";
import { tableNameOf } from "../table.ts";
import { hasElement } from "./list.ts";

/** The network of that length around an address, as the element of a hash. */
const blockOf = (address: Address, bits: number): Address => {
  const prefix = prefixOf(address, bits);
  return prefix === undefined ? address : networkOf(prefix);
};

/** Asks the kernel which sets of the targets hold an address. Throws `KubespanError("command")` if nft cannot tell. */
export async function setsHolding(
  run: Runner,
  interfaceName: string,
  address: Address,
): Promise<readonly string[]> {
  const table = tableNameOf(interfaceName);
  const sets = targetSets.filter(({ family }) => family === familyOf(address));
  const found = await Promise.all(
    sets.map(async ({ name, bits }) => {
      const element = bits === undefined ? address : blockOf(address, bits);
      return (await hasElement(run, table, name, element)) ? [name] : [];
    }),
  );
  return found.flat();
}
