import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { parseConfig } from "../../../src/config/index.ts";
import { encodeAffiliate } from "../../../src/discovery/encode.ts";
import { openEnvelope, sealEndpoint } from "../../../src/discovery/envelope.ts";
import { KnownAffiliates } from "../../../src/discovery/known-affiliates.ts";
import { nonceBytes, sealData } from "../../../src/discovery/seal.ts";
import { secretNames, secretOfPair } from "../../../src/discovery/secrets.ts";
import { secretWarnings } from "../../../src/members/secrets-known.ts";
import type { Receiver } from "../../../src/secret-change/rollout.ts";
import { memberOf, membersOf } from "../members/member.ts";
import { affiliate, endpoint } from "../mesh/values.ts";
import { idOf } from "./samples.ts";

const secret = (number: number): Secret => new Secret(Buffer.alloc(32, number));
const [old, next, other] = [secret(1), secret(2), secret(3)];
const cluster = (own: Secret, ...accepted: readonly Secret[]) => ({
  id: "a cluster",
  secret: own,
  ...(accepted.length > 0 && { accepted }),
});
type Cluster = ReturnType<typeof cluster>;

const pair = (one: Cluster, two: Cluster): readonly [Secret, Secret] => [
  secretOfPair(one, secretNames(two)),
  secretOfPair(two, secretNames(one)),
];

describe("the secret of a pair", () => {
  test.each([
    ["both have the old one", cluster(old), cluster(old), old],
    ["one accepts the new one, too", cluster(old, next), cluster(old), old],
    ["both accept the new one", cluster(old, next), cluster(old, next), old],
    ["both seal with the new one", cluster(next, old), cluster(next, old), next],
    ["one has forgotten the old one", cluster(next, old), cluster(next), next],
  ])("is the one that seals at both ends when %s", (_, one, two, expected) => {
    for (const each of pair(one, two)) expect(each.equals(expected)).toBe(true);
  });

  test("is the same at both ends, whatever the order, as long as both know it", () => {
    const known = fc.shuffledSubarray([1, 2, 3], { minLength: 2 });
    fc.assert(
      fc.property(known, known, (one, two) => {
        const [left, right] = [one, two].map(([first = 0, ...more]) =>
          cluster(secret(first), ...more.map(secret)),
        );
        const [mine, theirs] = pair(left ?? expect.fail(), right ?? expect.fail());
        expect(mine.equals(theirs)).toBe(true);
      }),
    );
  });

  test("is the own one where a member knows none of ours, so that nothing is found by the names of others", () => {
    expect(secretOfPair(cluster(old, next), ["AAAAAAAAAAA="])).toBe(old);
    expect(secretOfPair(cluster(old, next), [])).toBe(old);
  });
});

test("the names of secrets are those of one cluster, and nothing is told of one secret alone", () => {
  expect(secretNames(cluster(old))).toBeUndefined();
  const names = secretNames(cluster(old, next)) ?? expect.fail();
  expect(new Set([...names, ...(secretNames({ ...cluster(old, next), id: "another" }) ?? [])]).size).toBe(4);
  for (const name of names) expect(Buffer.from(name, "base64")).toHaveLength(8);
});

describe("an announcement", () => {
  const said = { ...affiliate(2, { endpoints: [] }), nodeId: idOf("node-2") };
  const membership = { number: 1, startedAt: 1, machine: "", otherNetworks: [] };
  const at = endpoint("198.51.100.2:51820");
  const sealedWith = (own: Secret, seenWith: Secret) => ({
    id: said.nodeId,
    data: sealData(own, Buffer.alloc(nonceBytes, 9), encodeAffiliate(said)),
    endpoints: [sealEndpoint(seenWith, at)],
  });

  test.each([
    ["the own secret", old, old],
    ["an accepted one", next, next],
    ["one, and an endpoint of it with the other", next, old],
  ])("that is sealed with %s opens", (_, own, seenWith) => {
    const opened = openEnvelope([old, next], sealedWith(own, seenWith));
    expect(opened).toMatchObject({ affiliate: { kubespan: { endpoints: [at] } }, dropped: [] });
    const known = new KnownAffiliates([old, next], idOf("self"));
    known.update([sealedWith(own, seenWith)]);
    expect(known.affiliates()).toHaveLength(1);
  });

  test("that is sealed with a secret that was taken out does not", () => {
    expect(openEnvelope([next], sealedWith(old, old))).toHaveProperty("refused");
    expect(openEnvelope([old, next], sealedWith(other, other))).toHaveProperty("refused");
  });

  test("that tells no names is of a node that knows the secret with which it is sealed", () => {
    const both = cluster(next, old);
    const names = secretNames(both) ?? expect.fail();
    const read = (own: Secret, secrets?: readonly string[], isPlain = false) => {
      const told = {
        ...said,
        ...(!isPlain && { membership: { ...membership, ...(secrets && { secrets }) } }),
      };
      const data = sealData(own, Buffer.alloc(nonceBytes, 9), encodeAffiliate(told));
      const known = new KnownAffiliates([next, old], idOf("self"), undefined, names);
      known.update([{ id: said.nodeId, data, endpoints: [] }]);
      return known.affiliates()[0]?.membership?.secrets;
    };
    expect(read(old)).toEqual(names.slice(1));
    expect(read(next)).toEqual(names.slice(0, 1));
    expect(read(old, names.toReversed())).toEqual(names.toReversed());
    expect(read(old, undefined, true)).toBeUndefined();
    // So both ends of a pair with a node that missed the change find the secret that it has.
    expect(secretOfPair(both, read(old))).toBe(old);
    expect(secretOfPair(cluster(old), names)).toBe(old);
  });

  test("tells the names of three secrets at most, each of eight bytes", () => {
    const read = (secrets: readonly string[]): readonly string[] | undefined => {
      const told = { ...said, membership: { ...membership, secrets } };
      const data = sealData(old, Buffer.alloc(nonceBytes, 9), encodeAffiliate(told));
      const opened = openEnvelope(old, { id: said.nodeId, data, endpoints: [] });
      return "refused" in opened ? expect.fail(opened.refused) : opened.affiliate.membership?.secrets;
    };
    const names = secretNames(cluster(old, next)) ?? expect.fail();
    expect(read(names)).toEqual(names);
    expect(read(Array.from({ length: 9 }, () => names[0] ?? ""))).toHaveLength(3);
    expect(read(["AAAA", Buffer.alloc(64).toString("base64")])).toBeUndefined();
  });
});

const member = (number: number, has?: Cluster, isReleased = false) => {
  const secrets = has && secretNames(has);
  const told = { number: 1, startedAt: 1, machine: "", otherNetworks: [], ...(secrets && { secrets }) };
  const known = memberOf({ ...affiliate(number), membership: told });
  return isReleased
    ? ({ ...known, standing: "released", since: 0, why: "", until: "named" } as const)
    : known;
};

describe("what is said of a change that is under way", () => {
  const said = (own: Cluster, ...members: readonly ReturnType<typeof member>[]): string =>
    secretWarnings(own, membersOf(...members))
      .map(({ what }) => what)
      .join();
  const [before, after] = [cluster(old, next), cluster(next, old)];

  test("is nothing without one", () => {
    expect(said(cluster(old), member(2, after))).toBe("");
  });

  test.each([
    ["who does not accept both", [member(2, before), member(3)], /; node-3 does not accept/],
    ["who seals with the other one", [member(2, before), member(3, after)], /and node-3 seals with another/],
    ["nobody when all are alike", [member(2, before), member(3, undefined, true)], /take the old one out$/],
    [
      "five at most",
      Array.from({ length: 8 }, (__, at) => member(at + 2)),
      /; node-2, node-3, node-4, node-5, node-6 and 3 more does not/,
    ],
  ])("names %s", (_, members, expected) => {
    expect(said(before, ...members)).toMatch(expected);
  });
});

const base64 = (each: Secret): string => each.revealBase64();

const text = (accepted: readonly string[]): string =>
  [
    `apiVersion: v1alpha1\nkind: DiscoveryIdentityConfig\nclusterID: a-cluster\nclusterSecret: ${base64(old)}`,
    `apiVersion: v1alpha1\nkind: KubeSpanDaemonConfig\nacceptSecrets: ${JSON.stringify(accepted)}`,
  ].join("\n---\n");
const accepted = (...secrets: readonly string[]) => parseConfig(text(secrets), "FILE").cluster.accepted;

describe("acceptSecrets", () => {
  test("are secrets that are printed nowhere, without the one that seals", () => {
    expect(accepted(base64(next), base64(old))?.map((each) => each.equals(next))).toEqual([true]);
    expect(JSON.stringify(parseConfig(text([base64(next)]), "FILE"))).not.toContain(base64(next));
    expect(accepted(base64(old))).toBeUndefined();
    expect(accepted()).toBeUndefined();
  });

  test("are two at most, of 32 bytes, and an error does not show them", () => {
    const long = `${base64(next).slice(0, 20)}!`;
    for (const wrong of [[base64(old), base64(next), base64(other)], [long]]) {
      expect(() => accepted(...wrong)).toThrow(/acceptSecrets/);
      expect(() => accepted(...wrong)).not.toThrow(wrong.at(-1));
    }
  });
});

const changed = (stage: "accept" | "seal" | "finish") => ({
  ...(stage === "finish" ? cluster(next) : stage === "seal" ? cluster(next, old) : cluster(old, next)),
  change: { number: 7, stage },
});
const receiver = (number: number, more: Partial<Receiver> = {}): Receiver => ({
  nodeId: affiliate(number).nodeId,
  publicKey: affiliate(number).kubespan?.publicKey ?? "",
  label: `node-${number}`,
  ...more,
});
const rollout = (...receivers: readonly Receiver[]) => ({ number: 7, until: 0, statements: [], receivers });

const saidBy = (own: Parameters<typeof secretWarnings>[0], ...receivers: readonly Receiver[]) =>
  secretWarnings(own, membersOf(member(2, cluster(next, old)), member(3)), {
    ...(receivers.length > 0 && { rollout: rollout(...receivers) }),
    now: 1_000,
  }).map(({ what }) => what);

describe("what is said of a change by a command", () => {
  test("names who does not have the secret, and who joined since, with the cure", () => {
    expect(saidBy(changed("seal"), receiver(2, { has: "seal" }), receiver(3))).toEqual([
      "is being changed by a command here; node-3 does not have it yet: the old one is accepted until 1970-01-01T00:00Z",
    ]);
    expect(saidBy(changed("seal"), receiver(2, { has: "seal" }))).toEqual([
      expect.stringContaining("all members have it"),
      expect.stringMatching(/^does not come to node-3, which joined since: print a token/),
    ]);
  });

  test("names who was left behind when it is over, until they are back", () => {
    const [have, missed] = [receiver(2, { has: "finish" }), receiver(3, { number: 1 })];
    expect(saidBy(changed("finish"), have, missed)).toEqual([
      expect.stringMatching(/^was changed without node-3: print a token/),
    ]);
    expect(saidBy(changed("finish"), have, { ...missed, number: 0 })).toEqual([]);
  });

  test("is short on the other nodes, and nothing once it is over", () => {
    expect(saidBy(changed("accept"))).toEqual([expect.stringContaining("by a command on another node")]);
    expect(saidBy(changed("finish"))).toEqual([]);
  });
});
