import { expect, test } from "vitest";
import type { Affiliate } from "../../../src/discovery/affiliate.ts";
import type { Heard } from "../../../src/discovery/heard.ts";
import { type News, stepMembers } from "../../../src/members/step.ts";
import { affiliate, prefix } from "../mesh/values.ts";

const hour = 60 * 60_000;
const minute = 60_000;
const start = 1_700_000_000_000;
const pods = prefix("10.244.2.0/24");
const one = affiliate(2, { additionalAddresses: [pods] });
const id = one.nodeId;

const news = (heard: Heard): News => ({
  revision: 1,
  heard: [heard],
  links: new Map(),
  leaving: new Map(),
  deletedNodes: new Set(),
  mayBeAbsent: true,
  forgetAfterMs: 24 * hour,
});
const unsealed = (of: Affiliate): Heard => ({ nodeId: id, unsealed: of });

/** The member after these steps. */
function after(...steps: readonly (readonly [News, number])[]) {
  let members = stepMembers(new Map(), { ...news(unsealed(one)), heard: [] }, start).members;
  for (const [each, at] of steps) ({ members } = stepMembers(members, each, at));
  return members.get(id);
}

test("what Kubernetes says of a machine that it hears nothing of names nobody, and keeps what it claims", () => {
  const away = news({ ...unsealed(one), isAway: true });
  const first = after([away, start]);
  expect(first?.claim.kubespan?.additionalAddresses).toEqual([pods]);
  expect(first).toMatchObject({
    standing: "absent",
    why: "Kubernetes hears nothing of its machine",
  });
  const known = [news(unsealed(one)), start] as const;
  expect(after(known, [away, start + minute])?.standing).toBe("absent");
  expect(after(known, [away, start + minute], known)?.standing).toBe("present");
  const dead = [away, start + 25 * hour] as const;
  expect(after(known, [away, start + minute], dead)?.standing).toBe("released");
  expect(after(known, [away, start + minute], dead, [away, start + 26 * hour])?.standing).toBe("released");
  const both = news({ nodeId: id, sealed: one, unsealed: one, isAway: true });
  expect(after([both, start])?.standing).toBe("present");
});
