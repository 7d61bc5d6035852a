import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { operatorKeyOf } from "../../../src/eviction/operator-key.ts";
import { signSecretChange } from "../../../src/secret-change/statement.ts";
import { file, hour, Mesh, Node, operator, secret } from "./secret-mesh.ts";

const newestOf = (node: Node): number => {
  const [, newest] = node.secrets;
  return newest ?? node.secrets[0] ?? expect.fail();
};

describe("a change of the cluster secret", () => {
  test("comes to all, stage by stage, and the file on disk is the only place with the secret", async () => {
    const mesh = await Mesh.of(4);
    const rotated = await mesh.begin();
    const next = newestOf(mesh.node(1));
    await mesh.until(() => mesh.nodes.every(({ secrets }) => secrets.length === 1));
    expect(rotated).toMatchObject({ asked: 3 });
    for (const node of mesh.nodes) expect(node.secrets).toEqual([next]);
    await mesh.until(() => mesh.node(1).change.rollout === undefined);
    const text = mesh.node(1).cluster.secret.revealBase64();
    expect(JSON.stringify([rotated, mesh.node(2).heard])).not.toContain(text);
    expect((await mesh.node(2).texts()).filter((each) => each.includes(text))).toHaveLength(1);
  });

  test("never has one that forgot the old secret while another does not know the new one", async () => {
    const mesh = await Mesh.of(3);
    mesh.node(3).isThere = false;
    const rotated = await mesh.begin();
    expect(rotated.missed).toContainEqual({
      label: "node-3",
      reason: expect.stringContaining("not connected") as string,
    });
    await mesh.until(() => mesh.node(2).secrets[0] !== 100);
    await mesh.until(() => mesh.node(1).secrets[0] !== 100);
    for (let pass = 0; pass < 20; pass++) await mesh.node(1).change.lead(mesh.node(1).around);
    expect(mesh.node(1).secrets).toHaveLength(2);
    mesh.node(3).isThere = true;
    await mesh.until(() => mesh.nodes.every(({ secrets }) => secrets.length === 1));
    expect(new Set(mesh.nodes.flatMap(({ secrets }) => secrets)).size).toBe(1);
  });

  test("ends when its time is over, and who was away is missing then", async () => {
    const mesh = await Mesh.of(3);
    mesh.node(3).isThere = false;
    await mesh.begin();
    await mesh.until(() => mesh.node(2).secrets[0] !== 100);
    mesh.now += hour * 1000;
    await mesh.until(() => mesh.node(2).secrets.length === 1);
    expect(mesh.node(3).secrets).toEqual([100]);
    expect(mesh.node(1).change.rollout?.receivers.filter(({ has }) => !has)).toMatchObject([
      { label: "node-3" },
    ]);
  });

  test("goes past who is evicted, and past who came later under another key", async () => {
    const mesh = await Mesh.of(3);
    mesh.isEvicted = (_, publicKey) => publicKey === mesh.node(3).publicKey;
    const rotated = await mesh.begin();
    expect(rotated).toMatchObject({ asked: 1 });
    mesh.nodes.push(await Node.make(mesh, 4));
    await mesh.until(() => mesh.node(2).secrets.length === 1 && mesh.node(1).secrets.length === 1);
    for (const number of [3, 4]) {
      expect(mesh.node(number).heard).toEqual([]);
      expect(mesh.node(number).secrets).toEqual([100]);
    }
  });

  test.each([
    ["it knows no operator", []],
    ["it knows another operator", [operatorKeyOf(secret(6))]],
  ])("does not come to a node if %s", async (_, keys) => {
    const mesh = await Mesh.of(2);
    mesh.node(2).operatorKeys = keys;
    const begun = mesh.begin();
    await mesh.until(() => mesh.node(1).secrets[0] !== 100);
    expect((await begun).missed).toMatchObject([{ label: "node-2" }]);
    expect(mesh.node(2).heard.length).toBeGreaterThan(0);
    expect(mesh.node(2).secrets).toEqual([100]);
    expect(await mesh.node(2).texts()).toEqual([]);
  });
});

describe("a plain member", () => {
  test("cannot have a secret of its own taken, nor begin a change without the operator", async () => {
    const mesh = await Mesh.of(3);
    await expect(mesh.begin(secret(6))).rejects.toThrow(
      "is not signed for the secret that this node offered",
    );
    const [one, two] = [mesh.node(1), mesh.node(2)];
    const offer = one.change.offer(one.around);
    const [statement = ""] = signSecretChange(secret(6), file.id, offer);
    expect(
      two.change.heed({ kind: "secret", statement, sealed: "A".repeat(96) }, one.publicKey, two.around),
    ).toBe(false);
    expect(await two.texts()).toEqual([]);
  });

  test("cannot repeat an earlier change where another one, or another secret by hand, came since", async () => {
    const mesh = await Mesh.of(3);
    await mesh.begin();
    await mesh.until(() => mesh.nodes.every(({ secrets }) => secrets.length === 1));
    const earlier = mesh.node(2).heard.splice(0);
    await mesh.until(() => mesh.node(1).change.rollout === undefined);
    await mesh.begin();
    await mesh.until(() => mesh.nodes.every(({ secrets }) => secrets.length === 1));
    const node = mesh.node(2);
    const now = node.secrets;
    for (const { notice, sender } of earlier)
      expect(node.change.heed(notice, sender, node.around)).toBe(false);
    await delay(1);
    expect(node.secrets).toEqual(now);
    node.file = { ...file, secret: secret(101) };
    await node.start();
    for (const { notice, sender } of earlier)
      expect(node.change.heed(notice, sender, node.around)).toBe(false);
    await delay(1);
    await node.start();
    expect(node.secrets).toEqual([101]);
  });
});

describe("a process that is killed", () => {
  test("after it kept the secret has it at the next start; and what was not confirmed is told again", async () => {
    const mesh = await Mesh.of(2);
    const node = mesh.node(2);
    node.isKilledThen = true;
    const begun = mesh.begin();
    await mesh.until(() => node.kills > 0);
    expect(node.secrets).toEqual([100]);
    await node.start();
    node.isKilledThen = false;
    expect(node.secrets).toHaveLength(2);
    await begun;
    await mesh.until(() => mesh.nodes.every(({ secrets }) => secrets.length === 1));
  });

  test("while it leads goes on after a restart, from whatever stage", async () => {
    const mesh = await Mesh.of(3);
    mesh.node(3).isThere = false;
    await mesh.begin();
    for (let restart = 0; restart < 3; restart++) {
      await mesh.node(1).start();
      await mesh.until(() => mesh.node(2).secrets[0] !== 100);
    }
    mesh.node(3).isThere = true;
    await mesh.node(1).start();
    await mesh.until(() => mesh.nodes.every(({ secrets }) => secrets.length === 1));
    await mesh.node(1).start();
    await mesh.until(() => mesh.node(1).change.rollout === undefined);
  });

  test("before it kept the secret that it leads has nothing begun", async () => {
    const mesh = await Mesh.of(2);
    const offer = mesh.node(1).change.offer(mesh.node(1).around);
    const begun = mesh.node(1).change.begin(signSecretChange(operator, file.id, offer), hour, () => ({
      ...mesh.node(1).around,
      config: { ...mesh.node(1).around.config, stateDirectory: "/nowhere" },
    }));
    await expect(begun).rejects.toThrow();
    await mesh.node(1).start();
    expect(mesh.node(1).change.rollout).toBeDefined();
    await mesh.node(1).change.lead(mesh.node(1).around);
    expect(mesh.node(1).change.rollout).toBeUndefined();
    expect(mesh.nodes.map(({ secrets }) => secrets)).toEqual([[100], [100]]);
  });
});

describe("a change is refused", () => {
  test.each<[string, (mesh: Mesh) => void, RegExp]>([
    ["without an operator", (mesh) => (mesh.node(1).operatorKeys = []), /a member alone may not do this/],
    [
      "with a Talos node",
      (mesh) => (mesh.node(2).hasMembership = false),
      /node-2 cannot be told of a secret/,
    ],
    [
      "while it is changed by hand",
      (mesh) => (mesh.node(1).cluster = { ...file, accepted: [secret(9)] }),
      /acceptSecrets is set/,
    ],
  ])("%s", async (_, make, reason) => {
    const mesh = await Mesh.of(2);
    make(mesh);
    await expect(mesh.begin()).rejects.toThrow(reason);
    expect(await mesh.node(1).texts()).toEqual([]);
  });

  test("for a secret that was not offered", async () => {
    const mesh = await Mesh.of(2);
    const one = mesh.node(1);
    const offer = one.change.offer(one.around);
    one.change.offer(one.around);
    const begun = one.change.begin(signSecretChange(operator, file.id, offer), hour, () => one.around);
    await expect(begun).rejects.toThrow("not signed for the secret that this node offered");
  });
});
