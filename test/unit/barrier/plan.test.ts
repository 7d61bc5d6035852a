import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  filtersAfter,
  filtersOf,
  linksWithQdisc,
  type ObservedBarrier,
  obstacle,
  parseFilters,
  parseSaved,
  planNoSecondBarrier,
  planSecondBarrier,
  savedText,
} from "../../../src/barrier/index.ts";
import { KubespanError } from "../../../src/base/error.ts";
import type { Step } from "../../../src/base/step.ts";
import { type Address, type Prefix, unite } from "../../../src/net/index.ts";
import type { Link } from "../../../src/routing/index.ts";
import { anyPrefix } from "../net/arbitraries.ts";

const link = (name: string, isPort = false): Link => ({
  index: 1,
  name,
  kind: undefined,
  up: true,
  mtu: 1500,
  hardwareAddress: "32:06:be:1c:a9:09",
  isPort,
  addresses: [],
});

const marks = { fromWireGuard: 0x20, toWireGuard: 0x40 };
const nothing: ObservedBarrier = { kind: "seen", links: [] };
const desired = (targets: readonly Prefix[], ...names: string[]) => ({
  targets,
  marks,
  listenPort: 51820,
  interfaceName: "kubespan",
  links: names.map((name) => link(name)),
});
const some = ["10.0.0.0/8", "fd00::/64"] as Prefix[];

/** What tc does, and what it refuses. */
function carryOut(steps: readonly Step[], before: ObservedBarrier): ObservedBarrier {
  if (before.kind !== "seen") throw new Error("nothing can be carried out");
  const links = new Map(before.links.map((each) => [each.name, each]));
  for (const { args, input } of steps.flatMap(({ commands }) => commands)) {
    const [object, verb] = args;
    const name = args[args.indexOf("dev") + 1] ?? "";
    const seen = links.get(name);
    const programs = new Map(seen?.programs);
    const handle = args.includes("handle") ? Number(args[args.indexOf("handle") + 1]) : undefined;
    expect(object === "qdisc" && verb === "replace").toBe(!seen);
    if (object === "qdisc" && verb === "del") {
      expect(seen?.hasOthers).toBe(false);
      links.delete(name);
      continue;
    }
    if (object === "filter" && verb === "replace") programs.set(handle ?? 0, String(input));
    if (verb === "del" && handle !== undefined) expect(programs.delete(handle)).toBe(true);
    if (verb === "del" && handle === undefined) programs.clear();
    links.set(name, { name, hasQdisc: true, programs, hasOthers: seen?.hasOthers ?? false });
  }
  return { kind: "seen", links: [...links.values()] };
}

const byName = (found: ObservedBarrier | undefined): ReadonlyMap<string, unknown> =>
  new Map(found?.kind === "seen" ? found.links.map((each) => [each.name, each]) : []);

test("carrying a plan out leaves nothing to plan, whatever was there", () => {
  const targets = fc.array(anyPrefix, { maxLength: 8 }).map((prefixes) => unite(prefixes));
  const wanted = fc.option(
    fc
      .record({ targets, names: fc.subarray(["eth0", "eth1", "bond0"]) })
      .map((each) => desired(each.targets, ...each.names)),
    { nil: undefined },
  );
  const observed = fc
    .uniqueArray(
      fc.record({
        name: fc.constantFrom("eth0", "eth1", "wg7"),
        hasOthers: fc.boolean(),
        programs: fc
          .uniqueArray(fc.integer({ min: 1, max: 3 }))
          .map((handles) => new Map(handles.map((each) => [each, "1,6 0 0 2"]))),
      }),
      { selector: ({ name }) => name },
    )
    .map(
      (links): ObservedBarrier => ({
        kind: "seen",
        links: links.map((each) => ({ ...each, hasQdisc: true })),
      }),
    );
  fc.assert(
    fc.property(wanted, observed, (want, before) => {
      const after = carryOut(planSecondBarrier(want, before), before);
      expect(planSecondBarrier(want, after)).toEqual([]);
      if (!want || after.kind !== "seen") return;
      // What is known without a look is what is there, but for the filters of others, which nobody has looked for.
      const links = after.links.map((each) => ({ ...each, hasOthers: true }));
      expect(byName(filtersAfter(want, before))).toEqual(byName({ kind: "seen", links }));
    }),
  );
});

describe("which links are guarded", () => {
  test("those that lead out, and no port of a bridge", () => {
    const links = [
      link("lo"),
      link("kubespan"),
      link("eth0", true),
      link("br0"),
      link("cni0"),
      link("veth12"),
      link("wg7"),
    ];
    const steps = planSecondBarrier({ ...desired(some), links }, nothing);
    expect(steps.map(({ text }) => /at (\S+)/.exec(text)?.[1])).toEqual(["br0", "wg7"]);
  });

  test("none where nothing can be done", () => {
    expect(
      planSecondBarrier(desired(some, "eth0"), { kind: "unavailable", reason: "tc is not installed" }),
    ).toEqual([]);
    expect(obstacle(marks, [link("eth0")])).toBeUndefined();
    expect(obstacle({ fromWireGuard: 0x60, toWireGuard: 0x40 }, [])).toContain("marks");
    expect(obstacle({ fromWireGuard: 0x40, toWireGuard: 0x60 }, [])).toContain("marks");
    expect(obstacle(marks, [link("cilium_host")])).toContain("Cilium");
  });

  test("others' filters stay, and their qdisc", () => {
    const programs = new Map([[1, "1,6 0 0 2"]]);
    const observed = (hasOthers: boolean): ObservedBarrier => ({
      kind: "seen",
      links: [{ name: "eth0", hasQdisc: true, programs, hasOthers }],
    });
    const removal = (hasOthers: boolean): string[] =>
      planSecondBarrier(undefined, observed(hasOthers)).flatMap(({ commands }) =>
        commands.map(({ args }) => args.join(" ")),
      );
    expect(removal(true)).toEqual(["filter del dev eth0 egress pref 18"]);
    expect(removal(false)).toEqual(["qdisc del dev eth0 clsact"]);
  });
});

test.each([
  ["ours", true, false, ["qdisc del dev eth0 clsact"]],
  ["used by others", true, true, []],
  ["of somebody else, as there was no barrier", false, false, []],
])("taking the barrier away: an empty place for filters that is %s", (_, wasThere, hasOthers, commands) => {
  const empty = { name: "eth0", hasQdisc: true, programs: new Map<number, string>(), hasOthers };
  const steps = planNoSecondBarrier({ kind: "seen", links: [empty] }, "kubespan", wasThere);
  expect(steps.flatMap((step) => step.commands.map(({ args }) => args.join(" ")))).toEqual(commands);
  const held = { ...empty, programs: new Map([[1, "1,6 0 0 2"]]) };
  const [step] = planNoSecondBarrier({ kind: "seen", links: [held] }, "kubespan", wasThere);
  expect(step?.text).toMatch(hasOthers ? /leave clsact to the filters of others$/ : /any more$/);
});

/** iproute2 6.1, recorded. */
const egress = `filter protocol all pref 18 bpf chain 0 
filter protocol all pref 18 bpf chain 0 handle 0x1 direct-action not_in_hw bytecode '2,32 0 0 4294963220,6 0 0 2' 
filter protocol all pref 18 bpf chain 0 handle 0xa direct-action not_in_hw bytecode '1,6 0 0 4294967295' 
`;

const qdiscs = (name: string): string =>
  `qdisc noqueue 0: dev ${name} root refcnt 2 \nqdisc clsact ffff: dev ${name} parent ffff:fff1 \n`;
/** What tc says of a link when it is asked one question after the other. */
const answered = (name: string, out: string, into: string): string =>
  qdiscs(name) + out + qdiscs(name) + into;

test("each mesh has its own filters at a link", () => {
  const places = ["kubespan", "mesh-2", "mesh2", "a"].map((interfaceName) => {
    const [step] = planSecondBarrier({ ...desired(some, "eth0"), interfaceName }, nothing);
    return step?.commands.flatMap(({ args }) => args[args.indexOf("pref") + 1] ?? []).at(-1);
  });
  expect(places[0]).toBe("18");
  expect(new Set(places).size).toBe(4);
});

describe("what tc prints", () => {
  test("programs by their numbers", () => {
    expect(parseFilters("eth0", egress, "", 18)).toEqual({
      name: "eth0",
      hasQdisc: true,
      hasOthers: false,
      programs: new Map([
        [1, "2,32 0 0 4294963220,6 0 0 2"],
        [10, "1,6 0 0 4294967295"],
      ]),
    });
  });

  test.each([
    ["at ingress", "", egress],
    ["of another kind", "filter protocol ip pref 49152 u32 chain 0 \n", ""],
    ["of another preference", egress.replaceAll("pref 18", "pref 1"), ""],
  ])("filters of others, %s", (_name, out, into) => {
    const found = parseFilters("eth0", out, into, 18);
    expect([found.hasOthers, found.programs.size]).toEqual([true, 0]);
  });

  test("links with the qdisc", () => {
    const text = "qdisc noqueue 0: dev lo root refcnt 2 \nqdisc clsact ffff: dev eth0 parent ffff:fff1 \n";
    expect(linksWithQdisc(text)).toEqual(["eth0"]);
  });

  test("of several links in one go", () => {
    const text = answered("eth0", egress, "") + answered("eth1", "", egress);
    expect(filtersOf(["eth0", "eth1"], text, 18)).toEqual([
      parseFilters("eth0", egress, "", 18),
      parseFilters("eth1", "", egress, 18),
    ]);
    expect(filtersOf([], "", 18)).toEqual([]);
    expect(() => filtersOf(["eth0", "eth1"], answered("eth0", egress, ""), 18)).toThrow(/changed while/);
  });

  test("of any shape is read without a failure", () => {
    fc.assert(fc.property(fc.string(), fc.string(), (out, into) => void parseFilters("eth0", out, into, 18)));
  });
});

describe("barrier.json", () => {
  test("comes back as it was written", () => {
    fc.assert(
      fc.property(fc.array(anyPrefix), fc.array(anyPrefix), (prefixes, refused) => {
        const exits = [{ address: "192.0.2.7" as Address, port: 6443, clients: "node" as const }];
        const saved = { targets: unite(prefixes), mtu: 1420, exits, refused };
        expect(parseSaved(savedText(saved), "f")).toEqual(saved);
      }),
    );
  });

  test("of a release before has no exits, and refuses nothing in the main table", () => {
    const before = '{"version":1,"mtu":1420,"targets":[]}';
    expect(parseSaved(before, "f")).toEqual({ mtu: 1420, targets: [], exits: [], refused: [] });
  });

  test("without refusals in the main table is one that a release before reads", () => {
    const text = savedText({ targets: [], mtu: 1420, exits: [], refused: [] });
    expect(JSON.parse(text)).toEqual({ version: 1, mtu: 1420, targets: [], exits: [] });
  });

  test.each([
    "",
    "{}",
    "[]",
    '{"version":2,"mtu":1420,"targets":[]}',
    '{"version":1,"mtu":10,"targets":[]}',
    '{"version":1,"mtu":1420,"targets":["10.0.0.0/33"]}',
    '{"version":1,"mtu":1420,"targets":["10.0.0.0/8; flush ruleset"]}',
    '{"version":1,"mtu":1420,"targets":[],"more":1}',
    '{"version":1,"mtu":1420,"targets":[],"refused":["10.0.0.0/8 via 192.0.2.1"]}',
    '{"version":1,"mtu":1420,"targets":[],"exits":[{"address":"a; accept","port":443,"clients":"node"}]}',
    '{"version":1,"mtu":1420,"targets":[],"exits":[{"address":"192.0.2.7","port":0,"clients":"node"}]}',
    '{"version":1,"mtu":1420,"targets":[],"exits":[{"address":"192.0.2.7","port":443,"clients":"all"}]}',
  ])("damaged: %s", (text) => {
    expect(() => parseSaved(text, "f")).toThrow(KubespanError);
  });
});
