import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { forgetIdentity, giveUpHardwareAddress } from "../../../src/identity/effects/index.ts";
import { withKeptStandIn } from "../../../src/identity/effects/stand-in.ts";
import { newIdentity } from "../../../src/identity/identity.ts";
import { temporaryFolder } from "../temporary-folder.ts";

let byte = 0;
const identity = () => newIdentity("52:54:00:12:34:56", (count) => new Uint8Array(count).fill(++byte));
const silent = (): void => undefined;

test("the stand-in of a hardware address is each node's own, no card has it, and it is kept", async () => {
  const folder = await temporaryFolder();
  const [one, other] = [identity(), identity()];
  const moved = await giveUpHardwareAddress(folder, one, silent);
  expect(moved).toMatchObject({ nodeId: one.nodeId, publicKey: one.publicKey, givenUp: "52:54:00:12:34:56" });
  expect(Number.parseInt(moved.hardwareAddress.slice(0, 2), 16) & 0b11).toBe(0b10); // local, and no group
  expect(await withKeptStandIn(folder, one, silent)).toEqual(moved);
  expect((await stat(join(folder, "stand-in.json"))).mode & 0o777).toBe(0o600);
  const elsewhere = await giveUpHardwareAddress(await temporaryFolder(), other, silent);
  expect(elsewhere.hardwareAddress).not.toBe(moved.hardwareAddress);
});

test("without a stand-in a node has its own hardware address, and with a damaged one, too, with a warning", async () => {
  const folder = await temporaryFolder();
  const one = identity();
  expect(await withKeptStandIn(folder, one, silent)).toBe(one);
  await writeFile(join(folder, "stand-in.json"), '{"version":1,"hardwareAddress":"01:00:5e:00:00:01"}');
  const warnings: string[] = [];
  expect(await withKeptStandIn(folder, one, (text) => warnings.push(text))).toBe(one);
  expect(warnings.join()).toContain("stand-in.json is damaged");
});

test("what cannot be kept is the same again at the next start", async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "stand-in.json"));
  const one = identity();
  const warnings: string[] = [];
  const moved = await giveUpHardwareAddress(folder, one, (text) => warnings.push(text));
  expect(warnings).toHaveLength(1);
  expect(await giveUpHardwareAddress(await temporaryFolder(), one, silent)).toEqual(moved);
});

test("with the identity its stand-in is forgotten", async () => {
  const folder = await temporaryFolder();
  await giveUpHardwareAddress(folder, identity(), silent);
  await forgetIdentity(folder);
  await expect(stat(join(folder, "stand-in.json"))).rejects.toThrow("ENOENT");
});
