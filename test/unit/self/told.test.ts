import { describe, expect, test } from "vitest";
import { emptyMemory } from "../../../src/mesh/index.ts";
import { ownAffiliate } from "../../../src/self/announce.ts";
import { believeMapped } from "../../../src/self/mapped.ts";
import { address, config, endpoint, self } from "../mesh/values.ts";

const own = [address("192.168.1.5"), address("10.0.0.5")];
const stun = "203.0.113.1:4711";

/** What a server or a member saw from one second to another. */
const saw = (by: "server" | "member", observer: string, at: string, since: number, until = since) => ({
  observer,
  by,
  endpoint: endpoint(at),
  since: since * 1000,
  at: until * 1000,
});

const answer = (problem?: string) => ({
  observations: [saw("server", "stun:1", stun, 0, 100)],
  problems: problem === undefined ? [] : [{ observer: "stun:1", problem }],
});

const many = Array.from({ length: 32 }, (_, index) =>
  saw("member", `m${index}`, `198.51.100.${index + 1}:51820`, 200),
);

/** The endpoints that are announced after what servers, members and registries said. */
function announced(seen: Omit<Parameters<typeof believeMapped>[1], "nat">): readonly string[] {
  const believed = believeMapped(config(), { ...seen, nat: emptyMemory.nat }, () => undefined, own);
  const { mapped, told } = believed;
  const { affiliate } = ownAffiliate(self, config(), own, seen.reflected ?? [], mapped, { told });
  return affiliate.kubespan?.endpoints ?? [];
}

describe("what members say", () => {
  test("pushes out neither what a server saw nor the own addresses, however many they are", () => {
    const { leftOut } = believeMapped(
      config(),
      { mapping: answer(), members: many, nat: {} },
      () => undefined,
      own,
    );
    expect(announced({ mapping: answer(), members: many })).toEqual([
      stun,
      "192.168.1.5:51820",
      "10.0.0.5:51820",
    ]);
    expect(leftOut).toEqual([
      { value: "endpoint 198.51.100.1:51820 and 31 more", reason: expect.stringContaining("only members") },
    ]);
  });

  test.each([
    ["no server is there", undefined],
    ["the server is silent", answer("silent")],
  ])("adds four endpoints behind the own ones at most where %s", (_, mapping) => {
    expect(announced({ mapping, members: many })).toEqual([
      ...(mapping ? [stun] : []),
      "192.168.1.5:51820",
      "10.0.0.5:51820",
      ...many.slice(0, 4).map((each) => each.endpoint),
    ]);
  });

  test("counts for an address that a registry sees, before all others, and the listen port there stays", () => {
    const members = [...many, saw("member", "m", "203.0.113.7:41821", 200)];
    const reflected = [address("203.0.113.7")];
    const rest = ["203.0.113.7:51820", "192.168.1.5:51820", "10.0.0.5:51820", "203.0.113.7:41821"];
    expect(announced({ mapping: answer(), members, reflected })).toEqual([stun, ...rest]);
    expect(announced({ mapping: undefined, members, reflected })).toEqual([
      ...rest,
      ...many.slice(0, 3).map((each) => each.endpoint),
    ]);
  });

  test("counts for another family than that of which a server tells", () => {
    const members = [saw("member", "m", "[2001:db8::7]:4712", 200)];
    expect(announced({ mapping: answer(), members })).toContain("[2001:db8::7]:4712");
  });

  test("of another port of the same address is added until the server was heard again", () => {
    const added = "203.0.113.1:4712";
    expect(announced({ mapping: answer(), members: [saw("member", "m", added, 150)] })).toEqual([
      stun,
      "192.168.1.5:51820",
      "10.0.0.5:51820",
      added,
    ]);
    expect(announced({ mapping: answer(), members: [saw("member", "m", added, 50)] })).not.toContain(added);
  });

  test("of two members makes nothing symmetric that a server tells", () => {
    const members = [1, 2].map((port) => saw("member", `m${port}`, `203.0.113.1:${port}`, 50, 100));
    expect(announced({ mapping: answer(), members })).toContain(stun);
  });
});
