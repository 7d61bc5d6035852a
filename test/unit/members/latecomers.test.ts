import { describe, expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import type { ClusterIdentity } from "../../../src/config/config.ts";
import type { SecretStage } from "../../../src/config/secret-stage.ts";
import { secretName } from "../../../src/discovery/secrets.ts";
import { withoutLatecomers } from "../../../src/members/latecomers.ts";
import { strangersAmong } from "../../../src/members/preshared-keys.ts";
import { affiliate } from "../mesh/values.ts";
import { memberOf, membersOf } from "./member.ts";

const [old, next] = [1, 2].map((number) => new Secret(Buffer.alloc(32, number))) as [Secret, Secret];
const id = "a cluster";
const [oldName, nextName] = [secretName(old, id), secretName(next, id)];
const at = (stage: SecretStage): ClusterIdentity => ({
  id,
  ...(stage === "accept" ? { secret: old, accepted: [next] } : { secret: next }),
  ...(stage === "seal" && { accepted: [old] }),
  change: { number: 1, stage },
});
const knowing = (number: number, ...secrets: readonly string[]) => ({
  ...affiliate(number),
  membership: {
    number: 1,
    startedAt: 1,
    machine: "",
    otherNetworks: [],
    ...(secrets.length > 0 && { secrets }),
  },
});
const heardOf = (said: ReturnType<typeof knowing>) => ({ nodeId: said.nodeId, sealed: said });

describe("a node that joins with the old secret", () => {
  const [known, late, welcome] = [knowing(2, oldName), knowing(3, oldName), knowing(4, nextName, oldName)];
  const heard = [known, late, welcome].map(heardOf);
  const members = membersOf(memberOf(known));

  test("is refused, with the cure, once all seal with the new one; a member of before is not", () => {
    const left = withoutLatecomers(heard, members, at("seal"));
    expect(left.heard.map(({ nodeId }) => nodeId)).toEqual([known.nodeId, welcome.nodeId]);
    expect(left.refused).toEqual([
      { nodeId: late.nodeId, label: "node-3", reason: expect.stringContaining("a token of now") as string },
    ]);
  });

  test("is what it was where Kubernetes tells of it, too", () => {
    const unsealed = affiliate(3);
    const left = withoutLatecomers([{ ...heardOf(late), unsealed }], members, at("seal"));
    expect(left.heard).toEqual([{ nodeId: late.nodeId, unsealed }]);
  });

  test.each([
    ["before that", at("accept")],
    ["after that, when nothing of it opens", at("finish")],
    ["in a change by hand", { id, secret: next, accepted: [old] }],
  ])("is not refused for it %s", (_, cluster) => {
    expect(withoutLatecomers(heard, members, cluster)).toEqual({ heard, refused: [] });
  });
});

test("a stranger is who showed secrets, of which this node has none: its tunnel ends", () => {
  const [away, one, silent] = [knowing(2, oldName), knowing(3, nextName, oldName), knowing(4)];
  const members = membersOf(...[away, one, silent].map((each) => memberOf(each)));
  expect([...strangersAmong(at("finish"), members)]).toEqual([away.kubespan?.publicKey]);
  for (const stage of ["accept", "seal"] as const) expect(strangersAmong(at(stage), members).size).toBe(0);
});
