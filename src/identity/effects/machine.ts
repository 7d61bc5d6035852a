import { join } from "node:path";
import { errorText } from "../../base/index.ts";
import type { Runner } from "../../system/index.ts";
import { readTextFile, writeAtomically } from "../../system/index.ts";
import { physicalHardwareAddress } from "../hardware-address.ts";
import { differences, type Machine, machineText, parseMachine, remembered } from "../machine.ts";
import { forgetIdentity } from "./load.ts";

const fileIn = (stateDirectory: string): string => join(stateDirectory, "machine.json");
const largestFile = 4096;

const sources = { machineId: "/etc/machine-id", productUuid: "/sys/class/dmi/id/product_uuid" } as const;

/** Reads what identifies this machine; what cannot be read is absent. */
export async function readMachine(run: Runner): Promise<Machine> {
  const output = await run({ program: "ip", args: ["-json", "-details", "link", "show"] });
  const hardwareAddress = physicalHardwareAddress(output);
  const [machineId, productUuid] = await Promise.all([read(sources.machineId), read(sources.productUuid)]);
  return {
    ...(machineId && { machineId }),
    ...(productUuid && { productUuid }),
    ...(hardwareAddress && { hardwareAddress }),
  };
}

/**
 * Reads one file; empty if that fails. Many machines have no firmware that identifies them, containers have no machine
 * id, and some of these files are readable for root only.
 */
async function read(file: string): Promise<string> {
  const hint = "the identity is compared with what else names the machine";
  const found = await readTextFile(file, { largest: largestFile, code: "config", hint }).catch(
    () => undefined,
  );
  return (found?.text ?? "").trim().toLowerCase().slice(0, 128);
}

/**
 * Compares this machine with the one that the identity was made on. Two machines with one identity would be taken for
 * one, and would send to each other in clear. If two of the three properties differ, the identity was copied, and is
 * deleted, so that this machine gets its own. A single difference may be a new network card, and is only logged. Gives
 * the properties that are to be kept beside the identity.
 */
export async function guardIdentity(
  stateDirectory: string,
  now: Machine,
  warn: (text: string) => void,
): Promise<Machine> {
  const before = await kept(fileIn(stateDirectory), warn);
  const changed = before ? differences(before, now) : [];
  if (changed.length > 1 && (await forgetIdentity(stateDirectory)))
    warn(
      `this is another machine than the one that ${stateDirectory} was made on: ${changed.join(" and ")} differ. ` +
        "Its identity was copied; this node gets a new one",
    );
  else if (changed.length === 1)
    warn(
      `${changed.join()} is not what it was. If this machine was made from a copy of another node, give it an ` +
        "identity of its own: kubespan down --forget-identity",
    );
  return before && changed.length <= 1 ? remembered(before, now) : now;
}

/** Writes the properties of the machine that the identity was made on, unless the file has them already. */
export async function keepMachine(
  stateDirectory: string,
  machine: Machine,
  warn: (text: string) => void,
): Promise<void> {
  const file = fileIn(stateDirectory);
  const before = await kept(file, () => undefined); // a damaged file was reported when it was compared
  const text = machineText(machine);
  if (before && machineText(before) === text) return;
  await writeAtomically(file, text, { mode: 0o600 }).catch((error: unknown) => warn(errorText(error)));
}

async function kept(file: string, warn: (text: string) => void): Promise<Machine | undefined> {
  try {
    const found = await readTextFile(file, {
      largest: largestFile,
      code: "state",
      hint: "it is written anew",
    });
    const machine = found && parseMachine(found.text);
    if (found && !machine)
      warn(`${file} is damaged: whether this machine is a copy is not checked this time`);
    return machine;
  } catch (error) {
    warn(errorText(error));
    return undefined;
  }
}
