import { randomBytes } from "node:crypto";
import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { rotateKey } from "../../../src/daemon/rotate-key.ts";
import { loadIdentity, storedIdentity } from "../../../src/identity/effects/index.ts";
import type { Identity } from "../../../src/identity/identity.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** The deaths of the process, each before the act of that name. */
type Death = "tell" | "take" | "tell again" | "never";

const hardwareAddress = async () => "02:00:00:00:00:01";

/** A node with its file; the process may be killed on the way. */
class Node {
  readonly folder: string;
  readonly before: Identity;
  readonly acts: string[] = [];
  /** The identity with which the daemon works. */
  identity: Identity;

  static async make(): Promise<Node> {
    const folder = await temporaryFolder();
    return new Node(
      folder,
      await loadIdentity({ stateDirectory: folder, hardwareAddress, random: randomBytes }),
    );
  }

  private constructor(folder: string, before: Identity) {
    this.folder = folder;
    this.before = before;
    this.identity = before;
  }

  rotate(death: Death = "never", changes: { enabled?: boolean; phase?: "connected" | "connecting" } = {}) {
    const { enabled = true, phase = "connected" } = changes;
    const act = (name: Death): void => {
      if (name === death) throw new Error("killed");
      this.acts.push(name);
    };
    const tellKey = async ({ publicKey, number }: { publicKey: string; number: number }) => {
      act(this.acts.includes("tell") ? "tell again" : "tell");
      expect(number).toBe(41);
      expect(publicKey).not.toBe(this.before.publicKey);
      return { asked: 2, heard: 1, missed: [{ label: "b", reason: "it did not confirm" }] };
    };
    return rotateKey({
      config: { enabled, stateDirectory: this.folder },
      identity: this.identity,
      registries: { states: () => [{ phase: "connecting" }, { phase }] },
      log: pino({ level: "silent" }),
      mesh: () => ({ membership: { tellKey }, memory: { said: { number: 41 } } }),
      take: async (identity) => {
        act("take");
        this.identity = identity;
      },
    });
  }

  /** The identity with which the next start goes on. */
  async next(): Promise<Identity> {
    return (await storedIdentity(this.folder)) ?? expect.fail("there is no identity any more");
  }
}

describe("rotateKey", () => {
  test("tells the others, writes the key, takes it, and tells them again: all of the rest stays", async () => {
    const node = await Node.make();
    const rotated = await node.rotate();
    expect(node.acts).toEqual(["tell", "take", "tell again"]);
    expect(rotated).toEqual({
      publicKey: node.identity.publicKey,
      asked: 2,
      heard: 1,
      missed: [{ label: "b", reason: "it did not confirm" }],
    });
    expect(node.identity.publicKey).not.toBe(node.before.publicKey);
    const next = await node.next();
    expect(next).toEqual({ ...node.before, publicKey: rotated.publicKey, privateKey: next.privateKey });
    expect(next.privateKey.equals(node.identity.privateKey)).toBe(true);
    expect((await stat(join(node.folder, "identity.json"))).mode & 0o777).toBe(0o600);
    expect(JSON.stringify(rotated)).not.toContain(next.privateKey.revealBase64());
  });

  test("that is killed before the file is written leaves the node with the key that it had", async () => {
    const node = await Node.make();
    await expect(node.rotate("tell")).rejects.toThrow("killed");
    expect((await node.next()).publicKey).toBe(node.before.publicKey);
  });

  test.each(["take", "tell again"] as const)(
    "that is killed before %s leaves the node with the new key, whole",
    async (death) => {
      const node = await Node.make();
      await expect(node.rotate(death)).rejects.toThrow("killed");
      const next = await node.next();
      expect(next.publicKey).not.toBe(node.before.publicKey);
      expect(next.nodeId).toBe(node.before.nodeId);
    },
  );

  test("keeps the own hardware address in the file where another one stands in for it", async () => {
    const node = await Node.make();
    node.identity = { ...node.before, hardwareAddress: "02:00:00:00:00:99", givenUp: "02:00:00:00:00:01" };
    await node.rotate();
    expect(node.identity.hardwareAddress).toBe("02:00:00:00:00:99");
    expect((await node.next()).hardwareAddress).toBe("02:00:00:00:00:01");
  });

  test.each([
    ["no registry is connected", { phase: "connecting" as const }, "no registry is connected"],
    ["the mesh is disabled", { enabled: false }, "the mesh is disabled"],
  ])("is refused while %s, and nothing is changed", async (_, changes, reason) => {
    const node = await Node.make();
    const before = await readFile(join(node.folder, "identity.json"), "utf8");
    await expect(node.rotate("never", changes)).rejects.toThrow(reason);
    expect(node.acts).toEqual([]);
    expect(await readFile(join(node.folder, "identity.json"), "utf8")).toBe(before);
  });

  test("that cannot write the file takes nothing", async () => {
    const node = await Node.make();
    await rm(node.folder, { recursive: true });
    await expect(node.rotate()).rejects.toThrow("cannot write");
    expect(node.acts).toEqual(["tell"]);
  });
});
