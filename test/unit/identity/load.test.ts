import { randomBytes } from "node:crypto";
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { firstHardwareAddress } from "../../../src/identity/effects/hardware-address.ts";
import {
  forgetIdentity,
  loadIdentity,
  previewIdentity,
  storedIdentity,
} from "../../../src/identity/effects/load.ts";
import { hardwareAddressBytes } from "../../../src/identity/hardware-address.ts";
import { run } from "../../../src/system/run.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { thrownBy } from "../thrown-by.ts";

const card = "2e:1a:b6:53:81:69";

const source = (folder: string) => ({
  stateDirectory: folder,
  hardwareAddress: async () => card,
  random: randomBytes,
});

const load = (folder: string, warnings: string[] = []) =>
  loadIdentity({ ...source(folder), warn: (text) => void warnings.push(text) });

const stateDirectory = async (): Promise<string> => join(await temporaryFolder(), "lib", "kubespan");

describe("loadIdentity", () => {
  test("makes an identity once; afterwards it is read, and the card does not matter any more", async () => {
    const folder = await stateDirectory();
    const first = await load(folder);
    expect(first.hardwareAddress).toBe(card);
    const second = await loadIdentity({
      stateDirectory: folder,
      hardwareAddress: () => Promise.reject(new Error("asked for a card")),
      random: () => {
        throw new Error("asked for random bytes");
      },
    });
    expect(second).toEqual(first);
    expect(second.privateKey.equals(first.privateKey)).toBe(true);
  });

  test("file 0600 in a folder 0700, and nothing else is left", async () => {
    const folder = await stateDirectory();
    await load(folder);
    expect(await readdir(folder)).toEqual(["identity.json"]);
    expect((await stat(join(folder, "identity.json"))).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  test("two nodes have nothing in common", async () => {
    const [left, right] = [await load(await stateDirectory()), await load(await stateDirectory())];
    expect(left.nodeId).not.toBe(right.nodeId);
    expect(left.publicKey).not.toBe(right.publicKey);
  });

  test("many starts at once in one process end with the same identity", async () => {
    const folder = await stateDirectory();
    const loaded = await Promise.all(Array.from({ length: 20 }, () => load(folder)));
    expect(new Set(loaded.map(({ nodeId, publicKey }) => `${nodeId} ${publicKey}`)).size).toBe(1);
    expect(await readdir(folder)).toEqual(["identity.json"]);
  });

  test("several processes at once end with the same identity", async () => {
    const folder = await stateDirectory();
    const program = `
      import { randomBytes } from "node:crypto";
      import { loadIdentity } from ${JSON.stringify(new URL("../../../src/identity/effects/load.ts", import.meta.url).href)};
      const identity = await loadIdentity({
        stateDirectory: process.argv[1], hardwareAddress: async () => ${JSON.stringify(card)}, random: randomBytes,
      });
      console.log(identity.nodeId, identity.publicKey);`;
    const outputs = await Promise.all(
      Array.from({ length: 4 }, () =>
        execa(process.execPath, ["--input-type=module", "--eval", program, folder]),
      ),
    );
    const kept = await load(folder);
    expect(outputs.map(({ stdout }) => stdout)).toEqual(
      Array.from({ length: 4 }, () => `${kept.nodeId} ${kept.publicKey}`),
    );
  });

  test.each<[string, string | Uint8Array]>([
    ["empty", ""],
    ["truncated", '{"version": 1, "nodeId": "l1flm'],
    ["other JSON", '{"version": 1}'],
    ["no text", Uint8Array.of(0xff, 0xfe, 0x00)],
    ["too large", `{"version": 1${" ".repeat(20_000)}}`],
  ])("a damaged file (%s) stops the daemon and stays as it is", async (_, contents) => {
    const folder = await temporaryFolder();
    const file = join(folder, "identity.json");
    await writeFile(file, contents, { mode: 0o600 });
    const error = await thrownBy(load(folder));
    expect(error).toMatchObject({ code: "state", exitCode: 4 });
    expect(error.message).toContain(file);
    expect(error.hint).toContain("kubespan down --forget-identity");
    expect(await readFile(file)).toEqual(Buffer.from(contents));
    expect(await readdir(folder)).toEqual(["identity.json"]);
  });

  test.each<[string, (file: string) => Promise<unknown>]>([
    ["a directory", (file) => mkdir(file)],
    ["a link to nowhere", (file) => symlink("nowhere", file)],
  ])("%s in its place stops the daemon and stays", async (_, make) => {
    const folder = await temporaryFolder();
    await make(join(folder, "identity.json"));
    const error = await thrownBy(load(folder));
    expect(error).toMatchObject({ code: "state" });
    expect(error.message).toContain(join(folder, "identity.json"));
    expect(await readdir(folder)).toEqual(["identity.json"]);
  });

  test("a state directory that cannot be made", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "file"), "");
    const error = await thrownBy(load(join(folder, "file")));
    expect(error).toMatchObject({ code: "state" });
    expect(error.message).toContain(join(folder, "file"));
  });

  test("a file that others could read is closed to them, and the operator hears of it", async () => {
    const folder = await stateDirectory();
    const file = join(folder, "identity.json");
    const first = await load(folder);
    await chmod(file, 0o644);
    const warnings: string[] = [];
    expect((await load(folder, warnings)).nodeId).toBe(first.nodeId);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(warnings).toEqual([expect.stringContaining(`${file} holds the private key and had mode 0644`)]);
    await load(folder, warnings);
    expect(warnings).toHaveLength(1);
  });

  test("no error or output shows the private key", async () => {
    const folder = await stateDirectory();
    const identity = await load(folder);
    expect(JSON.stringify(identity)).not.toContain(identity.privateKey.revealBase64());
    const file = join(folder, "identity.json");
    await writeFile(file, (await readFile(file, "utf8")).replace("{", "[")); // whole, but not JSON
    const error = await thrownBy(load(folder));
    expect(`${error.stack}${String(error.cause)}`).not.toContain(identity.privateKey.revealBase64());
  });
});

describe("looking without touching", () => {
  test("no identity: none is stored, a preview is made up, and nothing is written", async () => {
    const folder = await temporaryFolder();
    expect(await storedIdentity(join(folder, "lib"))).toBeUndefined();
    expect((await previewIdentity(source(join(folder, "lib")))).hardwareAddress).toBe(card);
    expect(await readdir(folder)).toEqual([]);
  });

  test("an identity: both show it, and leave even loose permissions as they are", async () => {
    const folder = await temporaryFolder();
    const { nodeId } = await load(folder);
    await chmod(join(folder, "identity.json"), 0o644);
    expect((await storedIdentity(folder))?.nodeId).toBe(nodeId);
    expect((await previewIdentity(source(folder))).nodeId).toBe(nodeId);
    expect((await stat(join(folder, "identity.json"))).mode & 0o777).toBe(0o644);
  });

  test("a damaged one stops both", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "identity.json"), "damaged");
    expect(await thrownBy(storedIdentity(folder))).toMatchObject({ code: "state" });
    expect(await thrownBy(previewIdentity(source(folder)))).toMatchObject({ code: "state" });
  });
});

test("forgetIdentity removes it, so that the next start makes another", async () => {
  const folder = await stateDirectory();
  const first = await load(folder);
  expect(await forgetIdentity(folder)).toBe(true);
  expect(await forgetIdentity(folder)).toBe(false);
  expect((await load(folder)).nodeId).not.toBe(first.nodeId);
  expect(await forgetIdentity(join(folder, "none"))).toBe(false);
});

test("forgetIdentity also removes a damaged one, which is how an operator starts anew", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "identity.json"), "damaged");
  expect(await forgetIdentity(folder)).toBe(true);
  expect((await load(folder)).hardwareAddress).toBe(card);
});

test("this machine's links give a hardware address", async () => {
  expect(hardwareAddressBytes(await firstHardwareAddress(run, randomBytes))).toHaveLength(6);
});
