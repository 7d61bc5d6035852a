import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { secretStages } from "../../../src/config/index.ts";
import { operatorKeyOf, signEviction } from "../../../src/eviction/operator-key.ts";
import { privateKeyFrom, publicKeyOf } from "../../../src/identity/key.ts";
import { openSealedSecret, sealedSecretLength, sealSecret } from "../../../src/secret-change/sealed.ts";
import {
  isWhole,
  openSecretStatement,
  secretDigest,
  secretStatementLength,
  signSecretChange,
} from "../../../src/secret-change/statement.ts";

const operator = new Secret(Buffer.alloc(32, 5));
const operators = { clusterId: "a cluster", keys: [operatorKeyOf(operator)] };
const [old, next] = [new Secret(Buffer.alloc(32, 1)), new Secret(Buffer.alloc(32, 2))];
const change = {
  number: 1_700_000_000_000,
  digest: secretDigest(next, operators.clusterId),
  replaces: secretDigest(old, operators.clusterId),
};
const signed = (key = operator, clusterId = operators.clusterId) => signSecretChange(key, clusterId, change);

describe("the statements of a change", () => {
  test("are one for each stage, of one length, and say what was signed", () => {
    const opened = signed().map((text) => openSecretStatement(text, operators));
    expect(opened).toEqual(secretStages.map((stage) => ({ ...change, stage })));
    for (const text of signed()) expect(text).toHaveLength(secretStatementLength);
    expect(isWhole(opened, change)).toBe(true);
    expect(isWhole(opened.toReversed(), change)).toBe(false);
    expect(isWhole(opened.slice(1), change)).toBe(false);
    expect(isWhole(opened, { ...change, number: 1 })).toBe(false);
  });

  test("count of an operator of this cluster alone, and only as they were signed", () => {
    const [text = ""] = signed();
    expect(openSecretStatement(text, { ...operators, keys: [] })).toBeUndefined();
    expect(openSecretStatement(text, { ...operators, clusterId: "another" })).toBeUndefined();
    const forger = new Secret(Buffer.alloc(32, 6));
    for (const forged of signed(forger)) expect(openSecretStatement(forged, operators)).toBeUndefined();
    const bytes = Buffer.from(text, "base64");
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(openSecretStatement(changed.toString("base64"), operators)).toBeUndefined();
    }
  });

  test("are no evictions, and no eviction is one of them", () => {
    const eviction = { nodeId: "N".repeat(43), number: 1, isLifted: false };
    expect(openSecretStatement(signEviction(operator, "a cluster", eviction), operators)).toBeUndefined();
    for (const text of ["", "AAAA", "A".repeat(secretStatementLength)])
      expect(openSecretStatement(text, operators)).toBeUndefined();
  });

  test("tell nothing of the secret", () => {
    for (const text of signed())
      expect(Buffer.from(text, "base64").includes(Buffer.from(next.reveal()))).toBe(false);
    expect(secretDigest(next, "a cluster")).not.toBe(secretDigest(next, "another"));
  });
});

describe("a sealed secret", () => {
  const [a, b, c] = [1, 2, 3].map((number) => {
    const privateKey = privateKeyFrom(Buffer.alloc(32, number));
    return { privateKey, publicKey: publicKeyOf(privateKey) };
  }) as [Pair, Pair, Pair];
  type Pair = { readonly privateKey: Secret; readonly publicKey: string };
  const between = (own: Pair, peer: Pair) => ({ ...own, peer: peer.publicKey });
  const [statement = "", later = ""] = signed();
  const seal = () => sealSecret(next, statement, between(a, b), randomBytes) ?? expect.fail();

  test("opens for the member that it was sealed for, and for nobody else", () => {
    const sealed = seal();
    expect(sealed).toHaveLength(sealedSecretLength);
    expect(openSealedSecret(sealed, statement, between(b, a))?.equals(next)).toBe(true);
    expect(openSealedSecret(sealed, statement, between(c, a))).toBeUndefined();
    expect(openSealedSecret(sealed, statement, between(b, c))).toBeUndefined();
  });

  test("is of one statement and one direction, and is never sealed twice alike", () => {
    const sealed = seal();
    expect(openSealedSecret(sealed, later, between(b, a))).toBeUndefined();
    expect(openSealedSecret(sealed, statement, between(a, b))).toBeUndefined();
    expect(seal()).not.toBe(sealed);
  });

  test("that is damaged, or for a key that no node has, is none", () => {
    const bytes = Buffer.from(seal(), "base64");
    bytes[30] = (bytes[30] ?? 0) ^ 1;
    expect(openSealedSecret(bytes.toString("base64"), statement, between(b, a))).toBeUndefined();
    expect(openSealedSecret("AAAA", statement, between(b, a))).toBeUndefined();
    const none = { ...a, peer: Buffer.alloc(32).toString("base64") };
    expect(sealSecret(next, statement, none, randomBytes)).toBeUndefined();
    expect(openSealedSecret(seal(), statement, none)).toBeUndefined();
  });
});
