import { expect, test } from "vitest";
import { bridge } from "../../../lab/cluster/flannel.ts";
import { nameOf, nodeNames, type Variant, variants } from "../../../lab/cluster/plan.ts";
import type { Pod } from "../../../lab/cluster/pods.ts";
import { totals, written } from "../../../lab/cluster/report.ts";
import { judge, type Traces } from "../../../lab/cluster/verdict.ts";
import { type ClusterWay, waysOf } from "../../../lab/cluster/ways.ts";

const [n1, n2, n3] = nodeNames.map(
  (node, index): Pod => ({
    name: `probe-${node}`,
    node,
    address: `10.244.${index}.2`,
    address6: `fd00:10:244:${index}::2`,
    pid: 1,
  }),
);
if (!n1 || !n2 || !n3) throw new Error("there are three nodes");
const asked = {
  of: { n1, n2, n3 },
  only: { ...n3, name: "only", address: "10.244.2.3", address6: "fd00:10:244:2::3" },
};
const vxlan: Variant = { cni: "flannel", backend: "vxlan", proxy: "nftables", advertised: false };
const hostGateway: Variant = { ...vxlan, backend: "host-gw" };

test("there are 45 ways, 44 more in IPv6, each with a name of its own, and eight combinations of either kind", () => {
  const ways = [...waysOf(asked, vxlan), ...waysOf(asked, vxlan, 6)];
  expect(new Set(ways.map(({ name }) => name)).size).toBe(45 + 44);
  expect(variants.filter(({ isDual, hasPolicies }) => !isDual && !hasPolicies)).toHaveLength(8);
  expect(variants.filter(({ isDual }) => isDual)).toHaveLength(8);
  expect(new Set(variants.map(nameOf)).size).toBe(variants.length);
});

const isIPv6 = ({ target }: ClusterWay): boolean => /^(?:\[[0-9a-f:]+\]:\d+|[0-9a-f:]+)$/.test(target);

test("the ways of a family have its addresses", () => {
  expect(waysOf(asked, vxlan, 6).filter((each) => !isIPv6(each))).toEqual([]);
  expect(waysOf(asked, vxlan).filter(({ target }) => !/^[\d.]+(?::\d+)?$/.test(target))).toEqual([]);
});

const open = (variant: Variant): string[] =>
  waysOf(asked, variant).flatMap(({ name, expected }) => (expected === "in clear" ? [name] : []));

test("what nobody carries or advertises is expected in clear, and nothing else", () => {
  expect(open(vxlan)).toEqual([]);
  expect(open({ ...hostGateway, advertised: true })).toEqual([]);
  expect(open(hostGateway)).toContain("pod n2 -> pod n3 tcp");
  expect(open(hostGateway)).not.toContain("n2 -> n3 tcp");
});

const way: ClusterWay = {
  name: "a way",
  from: "n1",
  question: "tcp",
  target: "10.244.2.2:8080",
  answer: "probe",
  expected: "through the mesh",
};
const good: Traces = {
  exitCode: 0,
  output: "probe 10.244.0.0:40000 w-1\n",
  inClear: [],
  isPayloadInClear: false,
  isPayloadInMesh: true,
};

test.each<[string, Partial<Traces>, string, boolean, boolean]>([
  ["an answer through the mesh", {}, "through the mesh", true, true],
  ["an answer that never left the node", { isPayloadInMesh: false }, "stays on the node", true, false],
  ["an answer of somebody else", { output: "other 10.244.0.0:1 w-1\n" }, "through the mesh", false, false],
  ["no answer", { exitCode: 1, output: "no answer\n" }, "through the mesh", false, false],
  ["payload in clear", { isPayloadInClear: true }, "in clear", true, false],
  ["a packet in clear without payload", { inClear: ["SYN"] }, "in clear", true, false],
])("%s", (_what, traces, seen, isAnswered, isGood) => {
  expect(judge(way, { ...good, ...traces })).toMatchObject({ seen, isAnswered, isGood });
});

test("what is expected in clear need not be answered, but must be seen", () => {
  const expectedInClear: ClusterWay = { ...way, expected: "in clear" };
  const lost = { ...good, exitCode: 1, isPayloadInMesh: false };
  expect(judge(expectedInClear, { ...lost, inClear: ["SYN"] })).toMatchObject({
    isAnswered: false,
    isGood: true,
  });
  expect(judge(expectedInClear, lost).isGood).toBe(false);
});

const report = {
  cluster: "A <CNI>",
  verdicts: [judge(way, good), judge({ ...way, name: 'a "way" & more' }, { ...good, inClear: ["IP a > b"] })],
};

test("a report is counted, and written for people and for programs", () => {
  expect(totals(report)).toEqual({ ways: 2, answered: 2, inClear: 1, asExpected: 1 });
  expect(written(report, "text")).toContain("2 of 2 ways answered, 1 in clear, 1 as expected");
  expect(written(report, "text")).toMatch(/"way" & more.*mesh.*CLEAR.*WRONG/);
  expect(JSON.parse(written(report, "json"))).toMatchObject({ cluster: "A <CNI>", inClear: 1 });
  const junit = written(report, "junit");
  expect(junit).toContain('<testsuite name="A &lt;CNI&gt;" tests="2" failures="1">');
  expect(junit).toContain('name="a &quot;way&quot; &amp; more"');
  expect(junit.match(/<failure /g)).toHaveLength(1);
});

test("lines of the report for people fit 80 columns", () => {
  const verdicts = waysOf(asked, vxlan).map((each) => judge(each, good));
  const table = written({ cluster: nameOf(vxlan), verdicts }, "text").split("\n");
  expect(
    Math.max(...table.filter((line) => !line.startsWith("  ")).map((line) => line.length)),
  ).toBeLessThanOrEqual(80);
});

test("the pods' bridge is configured with what flanneld wrote", () => {
  const subnet =
    "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.3.1/24\nFLANNEL_MTU=1370\nFLANNEL_IPMASQ=true\n";
  expect(bridge(subnet)).toMatchObject({
    plugins: [
      {
        type: "bridge",
        mtu: 1370,
        ipam: { ranges: [[{ subnet: "10.244.3.0/24" }]], routes: [{ dst: "10.244.0.0/16" }] },
      },
      { type: "portmap" },
    ],
  });
});

test("the bridge of pods with both families has both, and an MTU that fits through the mesh", () => {
  const subnet =
    "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.3.1/24\nFLANNEL_IPV6_NETWORK=fd00:10:244::/56\n" +
    "FLANNEL_IPV6_SUBNET=fd00:10:244:3::1/64\nFLANNEL_MTU=1500\nFLANNEL_IPMASQ=true\n";
  expect(bridge(subnet)).toMatchObject({
    plugins: [
      {
        mtu: 1420,
        ipam: {
          ranges: [[{ subnet: "10.244.3.0/24" }], [{ subnet: "fd00:10:244:3::/64" }]],
          routes: [{ dst: "10.244.0.0/16" }, { dst: "fd00:10:244::/56" }],
        },
      },
      { type: "portmap" },
    ],
  });
});
