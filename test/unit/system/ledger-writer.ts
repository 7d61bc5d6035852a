import { ledgerText } from "../../../src/members/ledger.ts";
import { writeAtomically } from "../../../src/system/index.ts";

/** Writes one large ledger after the other until it is killed, and tells its parent of each that it begins and ends. */
const [file = "", from = "0"] = process.argv.slice(2);
for (let savedAt = 1 + 1000 * Number(from); ; savedAt++) {
  process.send?.("begins");
  await writeAtomically(file, ledgerText({ id: "a cluster" }, [], savedAt).padEnd(2_000_000), {
    mode: 0o600,
  });
  process.send?.("has ended");
}
