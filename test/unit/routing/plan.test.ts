import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Address } from "../../../src/net/index.ts";
import {
  type FamilyRouting,
  type LinkAddress,
  type ObservedRouting,
  planRouting,
} from "../../../src/routing/index.ts";

const scope = {
  interfaceName: "kubespan",
  table: 180,
  priority: 32500,
  marks: { fromWireGuard: 0x20, toWireGuard: 0x40 },
};
const address = "fd7f:175a:b97c:5602::1" as Address;
const source = "192.0.2.7" as Address;
const desired = { address, ipv4Source: source, mtu: 1420, isClosed: true };

type Route = FamilyRouting["routes"][number];

const route = (metric: number, mtu: number | undefined, plain = true, from?: Address): Route => ({
  interfaceName: "kubespan",
  mtu,
  source: from,
  metric,
  type: "unicast",
  plain,
  text: "",
});

const routing = fc.record({
  rules: fc.array(fc.constant({ ours: true, text: "" }), { maxLength: 3 }),
  routes: fc.uniqueArray(
    fc
      .tuple(
        fc.constantFrom(0, 5, 1024),
        fc.constantFrom(1420, 9000, undefined),
        fc.boolean(),
        fc.constantFrom(undefined, source, address),
      )
      .map(([metric, mtu, plain, from]) => route(metric, mtu, plain, from)),
    { maxLength: 3, selector: ({ metric }) => metric },
  ),
  hasBarrier: fc.boolean(),
  mainRoutes: fc.constant([]),
  copies: fc.array(fc.constantFrom(5269, 31000, 40000), { maxLength: 3 }),
  ahead: fc
    .constantFrom([], [0], [1], [5270], [5270, 31001])
    .map((priorities) => priorities.map((priority) => ({ priority, table: 52, isMarked: false, text: "" }))),
});

const linkAddress = (text: string, bits: number, where = "global"): LinkAddress => ({
  address: text as Address,
  bits,
  scope: where,
  deprecated: false,
  tentative: false,
});

const observed: fc.Arbitrary<ObservedRouting> = fc.record({
  scope: fc.constant(scope),
  ipv6: fc.boolean(),
  ipv4Routing: routing,
  ipv6Routing: routing,
  linkAddresses: fc.uniqueArray(
    fc.oneof(
      fc
        .tuple(
          fc.constantFrom(address, "fd00:0:0:2::9", "fe80::1", "192.0.2.1"),
          fc.constantFrom(64, 128, 24),
        )
        .map(([text, bits]) => linkAddress(text, bits)),
      fc
        .tuple(fc.constantFrom(source, "192.0.2.99", "169.254.180.1"), fc.constantFrom("global", "link"))
        .map(([text, from]) => linkAddress(text, 32, from)),
    ),
    { selector: (entry) => entry.address },
  ),
  answered: fc.subarray<Address>([source, "169.254.180.1" as Address]),
});

const sourceIn = (words: readonly string[]): Address | undefined =>
  words.includes("src") ? (words[words.indexOf("src") + 1] as Address) : undefined;

/** What `ip` does with the commands of a plan, and what it refuses. */
function carryOut(command: readonly string[], state: ObservedRouting): ObservedRouting {
  const [family, object, verb = "", ...rest] = command;
  const key = family === "-4" ? "ipv4Routing" : "ipv6Routing";
  const before = state[key];
  const { rules, routes, hasBarrier, copies } = before;
  const after = (word: string): string | undefined => rest[rest.indexOf(word) + 1];
  const metric = rest.includes("metric") ? Number(after("metric")) : family === "-4" ? 0 : 1024;
  switch (`${object} ${verb}`) {
    case "rule add":
      if (after("priority") !== "32500") {
        expect(copies).not.toContain(Number(after("priority")));
        return { ...state, [key]: { ...before, copies: [...copies, Number(after("priority"))] } };
      }
      return { ...state, [key]: { ...before, rules: [...rules, { ours: true, text: "" }] } };
    case "rule del": {
      const at = copies.indexOf(Number(after("priority")));
      if (after("priority") !== "32500") {
        expect(at).toBeGreaterThanOrEqual(0);
        return { ...state, [key]: { ...before, copies: copies.toSpliced(at, 1) } };
      }
      expect(rules).not.toEqual([]);
      return { ...state, [key]: { ...before, rules: rules.slice(1) } };
    }
    case "route replace":
    case "route del": {
      if (rest[0] === "local") {
        const [text] = (rest[1] ?? "").split("/");
        expect(state.answered).toContain(text);
        expect(rest.slice(2)).toEqual(["dev", "kubespan", "table", "255"]);
        return { ...state, answered: state.answered.filter((each) => each !== text) };
      }
      if (rest[0] === "unreachable") {
        expect([rest.join(" "), hasBarrier]).toEqual([
          "unreachable default table 180 metric 4278190080",
          verb === "del",
        ]);
        return { ...state, [key]: { ...before, hasBarrier: verb === "replace" } };
      }
      const others = routes.filter((each) => each.metric !== metric);
      expect(rest.slice(0, 5)).toEqual(["default", "dev", "kubespan", "table", "180"]);
      if (verb === "del") expect(others.length).toBeLessThan(routes.length);
      return {
        ...state,
        [key]: {
          ...before,
          routes:
            verb === "del" ? others : [...others, route(metric, Number(after("mtu")), true, sourceIn(rest))],
        },
      };
    }
    case "address add":
    case "address del": {
      const [text = "", bits] = (rest[0] ?? "").split("/");
      const others = state.linkAddresses.filter((entry) => entry.address !== text);
      expect(others.length).toBe(state.linkAddresses.length - (verb === "del" ? 1 : 0));
      const answered = state.answered.filter((each) => each !== text);
      return {
        ...state,
        answered: verb === "add" && bits === "32" ? [...answered, text as Address] : answered,
        linkAddresses:
          verb === "del"
            ? others
            : [
                ...others,
                linkAddress(text, Number(bits), rest.includes("scope") ? after("scope") : "global"),
              ],
      };
    }
    default:
      throw new Error(`what is ${command.join(" ")}?`);
  }
}

test("carrying a plan out leaves nothing to plan, whatever was there", () => {
  fc.assert(
    fc.property(
      observed,
      fc.constantFrom(
        desired,
        { ...desired, isClosed: false },
        { ...desired, ipv4Source: undefined },
        undefined,
      ),
      (before, wanted) => {
        let state = before;
        const steps = planRouting(wanted, before);
        for (const stage of ["grow", "swap", "shrink"])
          for (const step of steps.filter((each) => each.stage === stage))
            for (const command of step.commands) state = carryOut(command.args, state);
        expect(planRouting(wanted, state)).toEqual([]);
        for (const family of state.ipv6 ? ([4, 6] as const) : ([4] as const)) {
          const { rules, routes, hasBarrier, copies, ahead } =
            family === 4 ? state.ipv4Routing : state.ipv6Routing;
          expect(hasBarrier).toBe(wanted?.isClosed ?? false);
          expect(rules).toHaveLength(wanted ? 1 : 0);
          const first = ahead[0]?.priority ?? 0;
          expect(copies).toEqual(wanted && first > 0 ? [first - 1] : []);
          const from = family === 4 ? wanted?.ipv4Source : wanted?.address;
          expect(routes.map((each) => [each.mtu, each.source])).toEqual(wanted ? [[1420, from]] : []);
        }
        const own = state.linkAddresses.filter(({ bits }) => bits === 32);
        const anchor = wanted?.ipv4Source ?? "169.254.180.1";
        expect(own.map((entry) => [entry.address, entry.scope])).toEqual(
          wanted ? [[anchor, wanted.ipv4Source ? "global" : "link"]] : [],
        );
        expect(wanted ? state.answered.filter((each) => each === anchor) : []).toEqual([]);
        if (!state.ipv6) expect(state.ipv6Routing).toEqual(before.ipv6Routing);
        for (const kept of ["fe80::1", "192.0.2.1"])
          expect(state.linkAddresses.filter((entry) => entry.address === kept)).toEqual(
            before.linkAddresses.filter((entry) => entry.address === kept),
          );
      },
    ),
    { numRuns: 500 },
  );
});
