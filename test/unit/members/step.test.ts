import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Affiliate } from "../../../src/discovery/affiliate.ts";
import type { Heard } from "../../../src/discovery/heard.ts";
import type { MemberLink } from "../../../src/members/links.ts";
import type { Members } from "../../../src/members/member.ts";
import { type Leaving, type News, stepMembers } from "../../../src/members/step.ts";
import { address, affiliate, endpoint, key, prefix } from "../mesh/values.ts";

const minute = 60_000;
const hour = 60 * minute;
const start = 1_700_000_000_000;

const none: Members = new Map();
let newest = 0;
const news = (more: Partial<News> = {}): News => ({
  revision: ++newest,
  heard: [],
  links: new Map(),
  leaving: new Map(),
  deletedNodes: new Set(),
  mayBeAbsent: true,
  forgetAfterMs: 24 * hour,
  ...more,
});

const pods = prefix("10.244.2.0/24");
const one = affiliate(2, { additionalAddresses: [pods] }, { addresses: [address("198.51.100.2")] });
const id = one.nodeId;
const withNumber = (number: number, of: Affiliate = one): Affiliate => ({
  ...of,
  membership: { number, startedAt: start, machine: "", otherNetworks: [] },
});
const sealed = (of: Affiliate): Heard => ({ nodeId: of.nodeId, sealed: of });
const unsealed = (of: Affiliate): Heard => ({ nodeId: of.nodeId, unsealed: of });
const shookAt = (at: number, more: Partial<MemberLink> = {}): Pick<News, "links"> => ({
  links: new Map([[key(2), { handshakeAt: at, receivedBytes: 0, isSilent: false, ...more }]]),
});

/** Steps after each other: what was heard, at that time. */
function after(...steps: readonly (readonly [News, number])[]): ReturnType<typeof stepMembers> {
  let stepped = stepMembers(none, news(), start - 1);
  for (const [each, at] of steps) stepped = stepMembers(stepped.members, each, at);
  return stepped;
}
const joined = [news({ heard: [sealed(withNumber(start))] }), start] as const;
const standing = ({ members }: Pick<ReturnType<typeof stepMembers>, "members">) => members.get(id)?.standing;
const networks = ({ members }: Pick<ReturnType<typeof stepMembers>, "members">) =>
  members.get(id)?.claim.kubespan?.additionalAddresses;

const leaving = (number: number, at: number): Pick<News, "leaving"> => ({
  leaving: new Map<string, Leaving>([[id, { why: "it left the mesh", number, at }]]),
});
const keyOf = ({ members }: ReturnType<typeof stepMembers>) => members.get(id)?.claim.kubespan?.publicKey;
const many = (from: number, count: number): Heard[] =>
  Array.from({ length: count }, (_, index) => sealed({ ...one, nodeId: `id-${from + index}` }));
describe("a member that no registry names any more", () => {
  test("stays, absent, whoever took its record away, and is warned of once", () => {
    const gone = after(joined, [news(), start + minute]);
    expect(standing(gone)).toBe("absent");
    expect(networks(gone)).toEqual([pods]);
    expect(gone.events).toMatchObject([{ kind: "vanished", label: "node-2" }]);
    const later = stepMembers(gone.members, news(), start + 2 * minute);
    expect(later.events).toEqual([]);
    expect(later.members).toBe(gone.members);
  });

  test("is let go after the time for that, but never while it is connected", () => {
    const gone = [news(), start + minute] as const;
    expect(standing(after(joined, gone, [news(), start + 24 * hour]))).toBe("absent");
    expect(standing(after(joined, gone, [news(), start + 25 * hour]))).toBe("released");
    const connected = after(joined, gone, [news(shookAt(start + 40 * hour)), start + 40 * hour]);
    expect(standing(connected)).toBe("absent");
    expect(standing(stepMembers(connected.members, news(), start + 63 * hour))).toBe("absent");
    expect(standing(stepMembers(connected.members, news(), start + 65 * hour))).toBe("released");
  });

  test("is connected and unlisted first, and has vanished when its handshakes end", () => {
    const unlisted = after(joined, [news(shookAt(start)), start + minute]);
    expect(unlisted.events).toMatchObject([{ kind: "unlisted" }]);
    const vanished = stepMembers(unlisted.members, news(shookAt(start)), start + 4 * minute);
    expect(vanished.events).toMatchObject([{ kind: "vanished" }]);
  });

  test("is not called absent before the registries have told all that they know", () => {
    expect(standing(after(joined, [news({ mayBeAbsent: false }), start + minute]))).toBe("present");
  });

  test("is back when it is named again", () => {
    const back = after(joined, [news(), start + minute], [joined[0], start + 2 * minute]);
    expect(standing(back)).toBe("present");
    expect(back.events).toMatchObject([{ kind: "returned" }]);
    expect(
      standing(
        after(joined, [news(), start + minute], [news(), start + 30 * hour], [joined[0], start + 31 * hour]),
      ),
    ).toBe("present");
  });

  test("is let go when Kubernetes deleted its Node, unless it is connected", () => {
    const deleted = news({ deletedNodes: new Set([id]) });
    expect(standing(after(joined, [deleted, start + minute]))).toBe("released");
    const connected = { ...deleted, ...shookAt(start + minute) };
    expect(standing(after(joined, [connected, start + minute]))).toBe("absent");
  });
});

const revisionAfter = (...steps: readonly (readonly [News, number])[]) =>
  after(...steps).members.get(id)?.revision;

describe("the number of a claim", () => {
  test("is that of the step in which it changed, whatever else changes of the member", () => {
    const first = revisionAfter(joined);
    expect(first).toBe(joined[0].revision);
    const again = news({ heard: [sealed(withNumber(start + 1))], ...shookAt(start + 5) });
    expect(revisionAfter(joined, [news(shookAt(start + 4)), start + 5], [news(), start + minute])).toBe(
      first,
    );
    const other = { ...withNumber(start + 2), addresses: [] };
    const changed = news({ heard: [sealed(other)] });
    expect(revisionAfter(joined, [again, start + 6], [changed, start + 7])).toBe(changed.revision);
  });

  test("is never had twice by a node that was forgotten and comes back", () => {
    const left = [news(leaving(start + 1, start + 1)), start + 1] as const;
    const back = news({ heard: [sealed({ ...withNumber(start + 2), addresses: [] })] });
    expect(revisionAfter(joined, left, [back, start + 3])).toBe(back.revision);
  });
});

describe("a farewell", () => {
  test("lets a member go at once, also one that was connected before", () => {
    const left = news({ ...shookAt(start), ...leaving(start + 5, start + 10) });
    expect(standing(after(joined, [left, start + 10]))).toBe("released");
  });

  test("does not count once a handshake is newer, nor where the member has said something since", () => {
    const late = news({ ...joined[0], ...shookAt(start + 20), ...leaving(start + 5, start + 10) });
    expect(standing(after(joined, [late, start + 20]))).toBe("present");
    const old = news({ ...joined[0], ...leaving(start - 5, start + 10) });
    expect(standing(after(joined, [old, start + 10]))).toBe("present");
  });

  test("cannot be undone by putting back what the member said before; only by what it says later", () => {
    const left = [news(leaving(start + 5, start + 10)), start + 10] as const;
    expect(standing(after(joined, left, [joined[0], start + 20]))).toBe("released");
    const later = news({ heard: [sealed(withNumber(start + 6))] });
    expect(standing(after(joined, left, [later, start + 20]))).toBe("present");
  });

  test("of a node without numbers holds until it announces something else", () => {
    const talos = [news({ heard: [sealed(one)] }), start] as const;
    const left = [news(leaving(0, start + 10)), start + 10] as const;
    expect(standing(after(talos, left, [talos[0], start + 20]))).toBe("released");
    const moved = news({ heard: [sealed({ ...one, addresses: [address("198.51.100.9")] })] });
    expect(standing(after(talos, left, [moved, start + 20]))).toBe("present");
  });
});

describe("a number", () => {
  const without = affiliate(2, {}, { addresses: [address("198.51.100.2")] });
  test.each([
    ["an older announcement, replayed", start - 1, /older/],
    ["one of the day after tomorrow", start + 25 * hour, /25 hours ahead/],
  ])("%s is refused, takes nothing, and is said", (_, number, reason) => {
    const replayed = after(joined, [news({ heard: [sealed(withNumber(number, without))] }), start]);
    expect(networks(replayed)).toEqual([pods]);
    expect(replayed.refused).toMatchObject([{ nodeId: id, reason: expect.stringMatching(reason) as string }]);
  });

  test("that grows lets a node take its networks back", () => {
    expect(
      networks(after(joined, [news({ heard: [sealed(withNumber(start + 1, without))] }), start + 1])),
    ).toEqual([]);
  });

  test("that is missing since adds endpoints, networks only while the member is connected, and takes nothing", () => {
    const other = affiliate(
      2,
      {
        additionalAddresses: [prefix("10.9.0.0/16")],
        endpoints: [endpoint("192.0.2.9:1")],
        publicKey: key(9),
      },
      { addresses: [address("198.51.100.9")] },
    );
    const rolledBack = news({ heard: [sealed(other)] });
    const idle = after(joined, [rolledBack, start + minute]).members.get(id)?.claim;
    expect(idle?.addresses).toEqual(one.addresses);
    expect(idle?.kubespan).toEqual({
      ...one.kubespan,
      endpoints: [...(one.kubespan?.endpoints ?? []), "192.0.2.9:1"],
    });
    const connected = news({ ...rolledBack, ...shookAt(start + minute) });
    const claim = after(joined, [connected, start + minute]).members.get(id)?.claim;
    expect(claim?.addresses).toEqual(["198.51.100.2", "198.51.100.9"]);
    expect(claim?.kubespan?.additionalAddresses).toEqual([pods, "10.9.0.0/16"]);
    expect(claim?.kubespan?.publicKey).toBe(key(2));
  });
});

describe("what Kubernetes says", () => {
  const everything = [prefix("0.0.0.0/0"), prefix("::/0")];
  test("takes neither the key nor a network from what is sealed, and adds to it", () => {
    const patched = affiliate(
      2,
      { publicKey: key(66), excludedNetworks: everything, additionalAddresses: [prefix("10.7.0.0/16")] },
      { addresses: [address("198.51.100.7")] },
    );
    const both = after([
      news({ heard: [{ nodeId: id, sealed: withNumber(start), unsealed: patched }] }),
      start,
    ]);
    expect(both.members.get(id)?.claim).toEqual(withNumber(start));
    const added = affiliate(2, { additionalAddresses: [prefix("10.7.0.0/16")] });
    const more = after([
      news({ heard: [{ nodeId: id, sealed: withNumber(start), unsealed: added }] }),
      start,
    ]);
    expect(networks(more)).toEqual([pods, "10.7.0.0/16"]);
  });

  test("does not replace the key that a member is connected with, where nothing is sealed", () => {
    const known = [news({ heard: [unsealed(one)] }), start] as const;
    const patched = { heard: [unsealed(affiliate(2, { publicKey: key(66) }))] };
    const connected = after(known, [news({ ...patched, ...shookAt(start) }), start + minute]);
    expect(keyOf(connected)).toBe(key(2));
    expect(connected.refused).toMatchObject([
      { reason: expect.stringMatching(/another public key/) as string },
    ]);
    expect(keyOf(after(known, [news(patched), start + minute]))).toBe(key(66));
  });

  test("of annotations that were taken away is no farewell", () => {
    const known = [news({ heard: [unsealed(one)] }), start] as const;
    const { kubespan: _none, ...bare } = one;
    const emptied = after(known, [news({ heard: [unsealed(bare)] }), start + minute]);
    expect(standing(emptied)).toBe("absent");
    expect(networks(emptied)).toEqual([pods]);
  });
});

describe("whatever registries say, in whatever order", () => {
  const anyHeard = fc.oneof(
    fc.constant<Heard[]>([]),
    fc.integer({ min: -50, max: 50 }).map((by) => [sealed(withNumber(start + by))]),
    fc.constant([sealed(one)]),
    fc.constant([unsealed(affiliate(2, { excludedNetworks: [prefix("0.0.0.0/0")] }))]),
    fc.constant([unsealed({ ...one, kubespan: undefined } as unknown as Affiliate)]),
  );
  const anyStep = fc.record({
    heard: anyHeard,
    deletedNodes: fc.constantFrom(new Set<string>(), new Set([id])),
    mayBeAbsent: fc.boolean(),
    after: fc.integer({ min: 1, max: 20 * minute }),
  });

  test("a member that is connected keeps its networks, and those are given to nobody in clear", () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 40 }), (steps) => {
        let now = start;
        let { members } = after(joined);
        for (const { after: ms, ...said } of steps) {
          now += ms;
          ({ members } = stepMembers(members, news({ ...said, ...shookAt(now - minute) }), now));
          expect(networks({ members })).toContain(pods);
          expect(standing({ members })).not.toBe("released");
        }
      }),
    );
  });

  test("a step without news changes nothing, as an object", () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 10 }), (steps) => {
        let now = start;
        let { members } = after(joined);
        for (const { after: ms, ...said } of steps) {
          now += ms;
          ({ members } = stepMembers(members, news(said), now));
          const again = stepMembers(members, news(said), now);
          expect(again.members).toBe(members);
          expect(again.events).toEqual([]);
        }
      }),
    );
  });
});

test("members are bounded: who is named now stays, who vanished first goes", () => {
  const full = after([news({ heard: many(0, 2048) }), start], [news({ heard: many(0, 1024) }), start + 1]);
  const more = stepMembers(full.members, news({ heard: [...many(0, 1024), ...many(5000, 10)] }), start + 2);
  expect(more.members.size).toBe(2048);
  expect([...more.members.keys()]).toEqual(
    expect.arrayContaining(many(5000, 10).map(({ nodeId }) => nodeId)),
  );
});
