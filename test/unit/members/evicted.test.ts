import { describe, expect, test } from "vitest";
import type { Heard } from "../../../src/discovery/heard.ts";
import type { Members } from "../../../src/members/member.ts";
import { type News, stepMembers } from "../../../src/members/step.ts";
import { affiliate, key } from "../mesh/values.ts";

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
  forgetAfterMs: 86_400_000,
  ...more,
});
const [two, three] = [affiliate(2), affiliate(3)];
const heard: readonly Heard[] = [two, three].map((sealed) => ({ nodeId: sealed.nodeId, sealed }));
const connected: Pick<News, "links"> = {
  links: new Map([[key(2), { handshakeAt: start, receivedBytes: 0, isSilent: false }]]),
};
const byId = (id: string): Pick<News, "isEvicted"> => ({ isEvicted: (nodeId) => nodeId === id });
const byKey = (out: string): Pick<News, "isEvicted"> => ({
  isEvicted: (_id, publicKey) => publicKey === out,
});
const joined = stepMembers(none, news({ heard, ...connected }), start).members;

describe("an evicted member", () => {
  test.each([
    ["its id", byId(two.nodeId)],
    ["its key", byKey(key(2))],
  ])("is let go by %s at once, connected and named as it is, and said to be refused", (_by, evicted) => {
    const out = stepMembers(joined, news({ heard, ...connected, ...evicted }), start + 1);
    expect(out.members.get(two.nodeId)?.standing).toBe("released");
    expect(out.members.get(three.nodeId)?.standing).toBe("present");
    expect(out.events).toMatchObject([{ kind: "released", label: "node-2", why: "an operator evicted it" }]);
    expect(out.refused).toEqual([{ nodeId: two.nodeId, label: "node-2", reason: "an operator evicted it" }]);
    const again = stepMembers(out.members, news({ heard, ...connected, ...evicted }), start + 2);
    expect(again.members).toBe(out.members);
    expect(again.events).toEqual([]);
  });

  test("stays out with a new announcement, and comes back once the eviction is lifted", () => {
    const out = stepMembers(joined, news({ heard, ...byId(two.nodeId) }), start + 1).members;
    const renewed = [{ nodeId: two.nodeId, sealed: { ...two, hostname: "another" } }];
    const still = stepMembers(out, news({ heard: renewed, ...byId(two.nodeId) }), start + 2).members;
    expect(still.get(two.nodeId)?.standing).toBe("released");
    const back = stepMembers(still, news({ heard: renewed }), start + 3);
    expect(back.members.get(two.nodeId)?.standing).toBe("present");
    expect(back.events).toContainEqual(expect.objectContaining({ kind: "returned", label: "node-2" }));
  });

  test("that was never seen does not become one, under its key with whatever id", () => {
    const other: Heard = { nodeId: "id009", sealed: { ...two, nodeId: "id009" } };
    const out = stepMembers(none, news({ heard: [other], ...byKey(key(2)) }), start);
    expect(out.members.size).toBe(0);
    expect(out.refused).toHaveLength(1);
  });

  test("cannot have another member let go by announcing the evicted key under its id", () => {
    const forged: Heard = { nodeId: three.nodeId, sealed: { ...two, nodeId: three.nodeId } };
    const out = stepMembers(joined, news({ heard: [forged], ...byKey(key(2)) }), start + 1);
    expect(out.members.get(three.nodeId)).toMatchObject({ standing: "absent", claim: three });
    const beside = { nodeId: three.nodeId, sealed: three, unsealed: { ...two, nodeId: three.nodeId } };
    const kept = stepMembers(joined, news({ heard: [beside], ...byKey(key(2)) }), start + 1);
    expect(kept.members.get(three.nodeId)).toMatchObject({ standing: "present", claim: three });
  });
});
