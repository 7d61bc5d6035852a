import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Lab, type LabNode, newCluster, PlainMember, publicNetwork, waitFor } from "../../lab/index.ts";
import type { Address, Prefix } from "../../src/net/index.ts";
import { asked, counted, say, serve } from "./talk.ts";

/*
 * What a member, who may send anything at all through its tunnel, gets to a node by it.
 *
 *   a 203.0.113.1, .11, .12      b 203.0.113.2, behind it     m 203.0.113.7, a member; behind it 10.244.7.0/24
 *     2001:db8::11, ::12           10.244.2.0/24                2001:db8::7
 *   ===+============================+============================+=== internet
 */
let lab: Lab;
let [a, b, m]: LabNode[] = [];
const node = (found: LabNode | undefined): LabNode => found ?? expect.fail("the lab is not there");

const own = "10.244.7.1";
const own6 = "2001:db8::7";
const forged = [
  ["another member's", "203.0.113.2"],
  ["another member's pod's", "10.244.2.2"],
  ["the node's own", "203.0.113.12"],
  ["loopback", "127.1.2.3"],
  ["a link's", "169.254.9.9"],
  ["anybody's", "198.51.100.77"],
  ["anybody's, of IPv6,", "2001:db8:ffff::77"],
  ["the node's own, of IPv6,", "2001:db8::12"],
] as const;

beforeAll(async () => {
  lab = await Lab.open();
  const { discovery, host } = await publicNetwork(lab);
  [a, b, m] = [await host("a", 1), await host("b", 2), await host("m", 7)];
  const options = { cluster: newCluster(), services: [discovery.url] };
  for (const address of ["2001:db8::11/64", "2001:db8::12/64", "203.0.113.11/24", "203.0.113.12/24"])
    await a.address("eth0", address);
  await a.start(options);
  await b.start({ ...options, daemon: { advertisedPrefixes: ["10.244.2.0/24"] } });
  const { node: self } = await a.daemon.waitForPeers("b");
  const said = {
    addresses: ["203.0.113.7" as Address, own6 as Address],
    networks: ["10.244.7.0/24" as Prefix],
  };
  const peer = { publicKey: self.publicKey, endpoint: "203.0.113.1:51820" };
  const sources = [own, own6, ...forged.map(([, source]) => source)];
  await m.namespace.sysctl("net.ipv4.conf.all.route_localnet=1");
  await new PlainMember(m, discovery.url).join(options.cluster, said, peer, sources as Address[]);
  await a.daemon.waitForPeers("b", "m");
  await waitFor(() => isReached(own), { what: "a way through the tunnel" });
  await serve(a, 7000, "a");
});

afterAll(() => lab.close());

const targetFor = (source: string): string => (source.includes(":") ? "2001:db8::11" : "203.0.113.11");
const isReached = async (source: string): Promise<boolean> =>
  (await node(m).namespace.attempt("ping", "-c", "1", "-W", "2", "-I", source, targetFor(source)))
    .exitCode === 0;

describe("a source that is not the sender's does not come out of its tunnel:", () => {
  const arrives = (source: string): Promise<Record<string, number>> => {
    const family = source.includes(":") ? "ip6" : "ip";
    const chain = `chain c { type filter hook prerouting priority -400
      iifname "kubespan" ${family} saddr ${source} udp dport 9 counter name seen
    }`;
    return counted(node(a), chain, ["seen"], async () => {
      await say(node(m), "udp", source, 0, targetFor(source), 9, 9);
      expect(await isReached(own)).toBe(true); // through the same tunnel, after it
    });
  };

  it.each([
    ["its own", own],
    ["its own, of IPv6,", own6],
  ])("%s does", async (_whose, source) => {
    expect(await arrives(source)).toEqual({ seen: 1 });
  });

  it.each(forged)("%s does not", async (_whose, source) => {
    const sent = await counted(
      node(m),
      `chain c { type filter hook output priority 0\n oifname "wg0" udp dport 9 counter name sent\n }`,
      ["sent"],
      async () => {
        expect(await arrives(source)).toEqual({ seen: 0 });
      },
    );
    expect(sent).toEqual({ sent: 1 });
  });
});

describe("rules that the node has for what comes in", () => {
  it.each([
    ["of any link", ""],
    ["of the mesh's link", 'iifname "kubespan"'],
  ])("hold for what comes out of a tunnel: %s", async (_which, match) => {
    expect(await asked(node(m), own, "203.0.113.11", 7000)).toBe(`a to ${own}`);
    await node(a).namespace.nft(`table inet host {
      chain in { type filter hook input priority filter
        ${match} tcp dport 7000 counter drop
      }
    }`);
    expect(await asked(node(m), own, "203.0.113.11", 7000, 3)).toBe("");
    expect(await node(a).run("nft", "list", "table", "inet", "host")).toMatch(/counter packets [1-9]/);
    await node(a).run("nft", "delete", "table", "inet", "host");
  });
});
