import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Prefix } from "../../../src/net/index.ts";
import {
  forwardingFor,
  ipv6Switches,
  type ObservedSysctls,
  planSysctls,
  type SavedSysctls,
} from "../../../src/routing/index.ts";
import { hasIPv6 } from "../../../src/routing/sysctls.ts";

const links = ["eth0", "eth0.100"];
const bootID = "1a6ac1c5-0f61-4a6f-9e04-e9190e98dc5e";

/** The kernel's settings; a family's switch sets the value of every link of the family. */
class Host {
  readonly values = new Map<string, string>();
  file: SavedSysctls | undefined;

  write(assignment: string): void {
    const [key = "", value = ""] = assignment.split("=");
    this.values.set(key, value);
    const family = { "net/ipv4/ip_forward": "ipv4", "net/ipv6/conf/all/forwarding": "ipv6" }[key];
    if (family) for (const link of links) this.values.set(`net/${family}/conf/${link}/forwarding`, value);
  }

  observe(): ObservedSysctls {
    return { bootID, values: new Map(this.values) };
  }

  /** One pass that ends after `most` commands, like one that fails; `true` if it was carried out whole. */
  pass(forwarding: { ipv4: boolean; ipv6: boolean } | undefined, most = Infinity): boolean {
    const desired = forwarding && { interfaceName: "kubespan", forwarding };
    const { steps, saveBefore, saveAfter } = planSysctls(desired, this.observe(), this.file);
    this.file = saveBefore ?? this.file;
    const commands = steps.flatMap((step) => step.commands);
    for (const command of commands.slice(0, most))
      for (const assignment of command.args.slice(2)) this.write(assignment);
    if (commands.length > most) return false;
    this.file = saveAfter ?? this.file;
    return true;
  }
}

const bit = fc.constantFrom("0", "1");

/** Any host whose links forward if the whole family does. */
const anyHost = fc
  .record({ ipv4: bit, ipv6: bit, link4: bit, link6: bit, accept: fc.constantFrom("0", "1", "2") })
  .map(({ ipv4, ipv6, link4, link6, accept }) => {
    const host = new Host();
    host.values.set("net/ipv6/conf/all/disable_ipv6", "0");
    host.values.set("net/ipv4/conf/kubespan/rp_filter", "0");
    for (const link of links) host.values.set(`net/ipv6/conf/${link}/accept_ra`, accept);
    host.write(`net/ipv4/ip_forward=${ipv4}`);
    host.write(`net/ipv6/conf/all/forwarding=${ipv6}`);
    if (link4 === "1") host.write("net/ipv4/conf/eth0/forwarding=1");
    if (link6 === "1") host.write("net/ipv6/conf/eth0.100/forwarding=1");
    return host;
  });

const wanted = fc.record({ ipv4: fc.boolean(), ipv6: fc.boolean() });

test("after any passes, whole or cut short, the host gets back what it had", () => {
  const passes = fc.array(fc.tuple(wanted, fc.nat(2)), { maxLength: 6 });
  fc.assert(
    fc.property(anyHost, passes, wanted, (host, cutShort, last) => {
      const before = new Map(host.values);
      for (const [forwarding, most] of cutShort) host.pass(forwarding, most);
      expect(host.pass(last)).toBe(true);
      for (const [family, key] of [
        ["ipv4", "net/ipv4/ip_forward"],
        ["ipv6", "net/ipv6/conf/all/forwarding"],
      ] as const)
        if (last[family]) expect(host.values.get(key)).toBe("1");
      const again = planSysctls({ interfaceName: "kubespan", forwarding: last }, host.observe(), host.file);
      expect(again).toEqual({ steps: [], left: [], saveBefore: undefined, saveAfter: undefined });
      host.pass(undefined);
      expect(host.values).toEqual(before);
      expect(host.file?.sysctls ?? []).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test("accept_ra is set before forwarding, and forwarding goes before it comes back", () => {
  const host = new Host();
  host.write("net/ipv4/conf/all/rp_filter=1");
  for (const key of ["conf/all/forwarding=0", "conf/all/disable_ipv6=0", "conf/eth0/accept_ra=1"])
    host.write(`net/ipv6/${key}`);
  const desired = { interfaceName: "kubespan", forwarding: { ipv4: false, ipv6: true } };
  const on = planSysctls(desired, host.observe(), undefined);
  const keys = (steps: typeof on.steps) =>
    steps.flatMap((step) => step.commands.flatMap(({ args }) => args.slice(2)));
  expect(keys(on.steps)).toEqual([
    "net/ipv4/conf/kubespan/rp_filter=2",
    "net/ipv6/conf/eth0/accept_ra=2",
    "net/ipv6/conf/all/forwarding=1",
  ]);
  host.pass(desired.forwarding);
  const off = planSysctls(undefined, host.observe(), host.file);
  expect(keys(off.steps)).toEqual(["net/ipv6/conf/all/forwarding=0", "net/ipv6/conf/eth0/accept_ra=1"]);
});

test.each([
  ["0", "0"],
  ["1", "2"],
  ["2", "2"],
])("where all links have the filter %s, ours gets %s: the mildest there is", (all, ours) => {
  const host = new Host();
  host.write(`net/ipv4/conf/all/rp_filter=${all}`);
  host.write("net/ipv4/conf/kubespan/rp_filter=1");
  host.pass({ ipv4: false, ipv6: false });
  expect(host.values.get("net/ipv4/conf/kubespan/rp_filter")).toBe(ours);
});

test("what was saved before a reboot is not restored after it", () => {
  const host = new Host();
  host.write("net/ipv4/ip_forward=1"); // now the host's own wish
  host.file = {
    bootID: bootID.replace("1", "2"),
    sysctls: [{ key: "net/ipv4/ip_forward", original: "0", set: "1" }],
  };
  const plan = planSysctls(undefined, host.observe(), host.file);
  expect(plan).toEqual({ steps: [], left: [], saveBefore: undefined, saveAfter: { bootID, sysctls: [] } });
});

test("a node forwards for the families of what it advertises", () => {
  expect(forwardingFor([])).toEqual({ ipv4: false, ipv6: false });
  expect(forwardingFor(["10.0.0.0/8" as Prefix])).toEqual({ ipv4: true, ipv6: false });
  expect(forwardingFor(["10.0.0.0/8" as Prefix, "fd00::/8" as Prefix])).toEqual({ ipv4: true, ipv6: true });
});

test.each([
  ["off for all links", { all: "1", eth0: "1" }, false],
  ["off for all links, and on for one", { all: "1", eth0: "0" }, true],
  [
    "off for all links but lo's like the mesh's own",
    { all: "1", kubespan: "0", default: "0", eth0: "1" },
    false,
  ],
  ["on", { all: "0", eth0: "1" }, true],
  ["not there", {}, false],
])("the mesh's link carries IPv6 where the host does: %s", (_name, settings, isOn) => {
  const values = new Map(
    Object.entries(settings).map(([name, value]) => [`net/ipv6/conf/${name}/disable_ipv6`, value ?? ""]),
  );
  expect(hasIPv6({ bootID, values }, "kubespan")).toBe(isOn);
});

test("the setting of each host link that could carry IPv6 is looked at, and no other", () => {
  expect(ipv6Switches("kubespan", ["lo", "eth0", "kubespan", "all", "a/b"])).toEqual([
    "net/ipv6/conf/eth0/disable_ipv6",
  ]);
});
test("what others need by now stays, with all that goes with it, and is told", () => {
  const host = new Host();
  for (const key of ["conf/all/forwarding=0", "conf/all/disable_ipv6=0", "conf/eth0/accept_ra=1"])
    host.write(`net/ipv6/${key}`);
  host.write("net/ipv4/ip_forward=0");
  host.pass({ ipv4: true, ipv6: true });
  const observed = { ...host.observe(), forwarder: "docker0" };
  const { steps, left, saveAfter } = planSysctls(undefined, observed, host.file);
  expect([steps, saveAfter?.sysctls]).toEqual([[], []]);
  expect(left).toEqual([
    "net.ipv4.ip_forward stays 1, though it was 0 before the mesh: docker0 may need it by now. " +
      "If nobody does: sysctl -w net.ipv4.ip_forward=0",
    expect.stringContaining("net.ipv6.conf.all.forwarding stays 1"),
  ]);
});

const own = (host: Host): (string | undefined)[] =>
  [4, 6].map((family) => host.values.get(`net/ipv${family}/conf/kubespan/forwarding`));

describe("the mesh's own link forwards where the node does", () => {
  const all = { ipv4: true, ipv6: true };
  test.each(["default", "kubespan"])("although the value of %s says otherwise", (name) => {
    const host = new Host();
    host.write("net/ipv4/ip_forward=1");
    host.write("net/ipv6/conf/all/forwarding=1");
    for (const family of [4, 6]) host.write(`net/ipv${family}/conf/${name}/forwarding=0`);
    host.pass({ ipv4: false, ipv6: false });
    expect(own(host)).not.toContain("1");
    host.pass(all);
    expect(own(host)).toEqual(["1", "1"]);
    expect(host.file).toBeUndefined(); // the value vanishes with the link
  });
});
