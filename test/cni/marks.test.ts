import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Lab, type LabNode, waitFor } from "../../lab/index.ts";
import { type Addresses, bothFamilies, podAddress } from "./addresses.ts";
import { checkTable } from "./document.ts";
import { advertisedByName, type Mesh, twoNodes } from "./mesh.ts";

/** Bits of the packet mark that others use, all of them set at once. */
const users = [
  ["Calico", 0xffff0000],
  ["Cilium", 0xf00],
  ["Flannel, kube-proxy: masquerade", 0x4000],
  ["kube-proxy: drop", 0x8000],
  ["Tailscale", 0xc0000],
  ["every bit that is not ours", 0xffffff9f],
] as const;

/** Where packets of each way are looked at on a, after our chains. */
const waysOf = (addresses: Addresses) => {
  const { ip, node } = addresses;
  const pod = podAddress(addresses);
  return {
    "local, out": ["postrouting", `oifname "kubespan" ${ip} saddr ${node.a}`],
    "forwarded, out": ["postrouting", `oifname "kubespan" ${ip} saddr ${pod.a}`],
    "local, in": ["input", 'iifname "kubespan"'],
    "forwarded, in": ["postrouting", `oifname "cni0" ${ip} saddr ${pod.b}`],
    "outside the mesh, in": ["input", `iifname "eth0" ${ip} saddr ${node.b}`],
    "outside the mesh, reply": ["postrouting", `oifname "eth0" ${ip} daddr ${node.b}`],
  } as const;
};
type WayName = keyof ReturnType<typeof waysOf>;
const wayNames: readonly WayName[] = [
  "local, out",
  "forwarded, out",
  "local, in",
  "forwarded, in",
  "outside the mesh, in",
  "outside the mesh, reply",
];

let lab: Lab;
let mesh: Mesh;

beforeAll(async () => {
  lab = await Lab.open();
  mesh = await twoNodes(lab, {
    options: (number) => ({
      ...advertisedByName.options(number),
      ...(number === 2 && { mesh: { allowDownPeerBypass: true } }),
    }),
  });
});
afterAll(() => lab.close());

const hex = (value: number): string => `0x${(value >>> 0).toString(16).padStart(8, "0")}`;
const ours = 0x60;

/** A CNI that marks every packet and connection before our chains see them, and counts what is left of it after them. */
function cni(bits: number, addresses: Addresses): string {
  const ways = waysOf(addresses);
  const others = (~ours & 0xffffffff) >>> 0;
  const rules = wayNames.flatMap((way, index) => {
    const [hook, match] = ways[way];
    const where = `${match} ${addresses.ping}`;
    return [
      `chain look_${index} {`,
      `type filter hook ${hook} priority 90; policy accept;`,
      `${where} meta mark & ${hex(others)} == ${hex(bits)} counter name mark_${index}`,
      `${where} ct mark & ${hex(others)} == ${hex(bits)} counter name ct_${index}`,
      `${where} counter name all_${index}`,
      "}",
    ];
  });
  const set = `meta mark set meta mark | ${hex(bits)} ct mark set ct mark | ${hex(bits)}`;
  return [
    "table inet cni {",
    ...wayNames.flatMap((_, index) => [
      `counter mark_${index} {}`,
      `counter ct_${index} {}`,
      `counter all_${index} {}`,
    ]),
    `chain marking { type filter hook prerouting priority -190; policy accept; ${set}; }`,
    `chain marking_output { type route hook output priority -190; policy accept; ${set}; }`,
    ...rules,
    "}",
  ].join("\n");
}

async function counters(node: LabNode): Promise<Map<string, number>> {
  const text = await node.run("nft", "list", "counters", "table", "inet", "cni");
  return new Map(
    [...text.matchAll(/counter (\w+) \{\s*packets (\d+)/g)].map(([, name = "", count]) => [
      name,
      Number(count),
    ]),
  );
}

/**
 * On b, which lets out what is not marked for the mesh (no last chain where the bypass is allowed): takes our bits from
 * these pings after our chains, so that they leave outside, as those of a node that knows nothing of a do.
 */
const pastTheMesh = ({ ip, node }: Addresses): string => `table inet past {
  chain out {
    type route hook output priority 10
    ${ip} daddr ${node.a} ${ip} dscp 4 meta mark set meta mark & ${hex(~ours)}
  }
}`;

/** Pings both ways between nodes, between pods, and once outside the mesh. */
async function traffic(addresses: Addresses): Promise<void> {
  const { a, b, podA, podB } = mesh;
  const { node } = addresses;
  const pod = podAddress(addresses);
  const pings: readonly (readonly [LabNode, string])[] = [
    [a, node.b],
    [b, node.a],
    [podA, pod.b],
    [podB, pod.a],
  ];
  for (const [from, to] of pings)
    await waitFor(() => from.reaches(to), { what: `an answer from ${to} on ${from.name}` });
  await b.namespace.nft(pastTheMesh(addresses));
  const outside = ["ping", "-n", "-c", "1", "-W", "2", "-Q", String(4 << 2), node.a];
  await waitFor(async () => (await b.namespace.attempt(...outside)).exitCode === 0, {
    what: "an answer outside the mesh",
  });
  await b.run("nft", "delete", "table", "inet", "past");
}

/** Of each way: `yes`, or how many packets and connections of how many lost bits. */
function results(found: ReadonlyMap<string, number>): Record<WayName, string> {
  const of = (name: string, index: number): number => found.get(`${name}_${index}`) ?? 0;
  return Object.fromEntries(
    wayNames.map((way, index) => {
      const [mark, ct, all] = [of("mark", index), of("ct", index), of("all", index)];
      return [way, all > 0 && mark === all && ct === all ? "intact" : `mark ${mark}, ct ${ct} of ${all}`];
    }),
  ) as Record<WayName, string>;
}

describe("bits of others in the marks of packets and connections", () => {
  const rows: string[][] = [];

  describe.each(bothFamilies)("of IPv$family", (addresses) => {
    it.each(users)("%s", async (name, bits) => {
      const { a, b } = mesh;
      for (const node of [a, b])
        await node.namespace.nft(`table inet cni {}\ndelete table inet cni\n${cni(bits, addresses)}\n`);
      await traffic(addresses);
      const found = results(await counters(a));
      rows.push([name, String(addresses.family), `\`${hex(bits)}\``, ...wayNames.map((way) => found[way])]);
      expect(found).toEqual(Object.fromEntries(wayNames.map((way) => [way, "intact"])));
      for (const node of [a, b]) await node.run("nft", "delete", "table", "inet", "cni");
    });
  });

  it("are in the documentation as found", async () => {
    await checkTable("marks", ["software", "IP", "bits", ...wayNames], rows);
  });
});
