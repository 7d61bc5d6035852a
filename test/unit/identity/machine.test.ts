import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { forgetIdentity, loadIdentity } from "../../../src/identity/effects/load.ts";
import { guardIdentity, keepMachine } from "../../../src/identity/effects/machine.ts";
import { type Machine, machineTag, machineText, parseMachine } from "../../../src/identity/machine.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const machine: Machine = { machineId: "a1", productUuid: "b1", hardwareAddress: "00:11:22:33:44:55" };
const random = (count: number): Uint8Array => crypto.getRandomValues(new Uint8Array(count));

const hardwareAddress = (): Promise<string> => Promise.resolve("00:11:22:33:44:55");

/** A start of a node on that machine: its id, and what it warned of. */
async function startOn(stateDirectory: string, now: Machine): Promise<{ id: string; warnings: string[] }> {
  const warnings: string[] = [];
  const warn = (text: string): void => void warnings.push(text);
  const kept = await guardIdentity(stateDirectory, now, warn);
  const { nodeId } = await loadIdentity({ stateDirectory, hardwareAddress, random });
  await keepMachine(stateDirectory, kept, warn);
  return { id: nodeId, warnings };
}

describe("an identity", () => {
  test("stays on the machine that it was made on, and nothing is said", async () => {
    const folder = join(await temporaryFolder(), "state");
    const first = await startOn(folder, machine);
    expect(await startOn(folder, machine)).toEqual({ id: first.id, warnings: [] });
    expect((await stat(join(folder, "machine.json"))).mode & 0o777).toBe(0o600);
  });

  test.each<[string, Partial<Machine>]>([
    ["a new machine id and another firmware", { machineId: "a2", productUuid: "b2" }],
    [
      "another firmware and another network card",
      { productUuid: "b2", hardwareAddress: "00:11:22:33:44:66" },
    ],
  ])("that was copied is replaced, and that is said: %s", async (_, change) => {
    const folder = await temporaryFolder();
    const first = await startOn(folder, machine);
    const copy = await startOn(folder, { ...machine, ...change });
    expect(copy.id).not.toBe(first.id);
    expect(copy.warnings.join()).toMatch(/copied/);
    expect(await startOn(folder, { ...machine, ...change })).toEqual({ id: copy.id, warnings: [] });
  });

  test("outlives a new network card, which is said once", async () => {
    const folder = await temporaryFolder();
    const first = await startOn(folder, machine);
    const changed = { ...machine, hardwareAddress: "00:11:22:33:44:66" };
    expect(await startOn(folder, changed)).toEqual({
      id: first.id,
      warnings: [expect.stringMatching(/hardware address.*--forget-identity/)],
    });
    expect((await startOn(folder, changed)).warnings).toEqual([]);
  });

  test("says nothing by what cannot be read, then or now", async () => {
    const folder = await temporaryFolder();
    const first = await startOn(folder, { machineId: "a1" });
    expect(await startOn(folder, { productUuid: "b1" })).toEqual({ id: first.id, warnings: [] });
    expect(parseMachine(await readFile(join(folder, "machine.json"), "utf8"))).toEqual({
      machineId: "a1",
      productUuid: "b1",
    });
  });

  test("takes what is beside it along when it is deleted", async () => {
    const folder = await temporaryFolder();
    await startOn(folder, machine);
    expect(await forgetIdentity(folder)).toBe(true);
    await mkdir(join(folder, "empty"));
    await expect(stat(join(folder, "machine.json"))).rejects.toThrow("ENOENT");
  });
});

test("a machine's tag names it without telling what it is; a machine that is nothing has none", () => {
  expect(machineTag(machine)).toBe(machineTag({ ...machine }));
  expect(machineTag({ ...machine, machineId: "a2" })).not.toBe(machineTag(machine));
  expect(Buffer.from(machineTag(machine), "base64")).toHaveLength(16);
  expect(machineTag({})).toBe("");
});

test("what is kept of a machine is read as it was written, and nothing else is", () => {
  expect(parseMachine(machineText(machine))).toEqual(machine);
  for (const text of ["", "{}", "[]", '{"version":2}', '{"version":1,"machineId":7}'])
    expect(parseMachine(text)).toBeUndefined();
});
