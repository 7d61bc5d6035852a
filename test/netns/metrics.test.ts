import { afterAll, beforeAll, expect, it } from "vitest";
import { type Cluster, Lab, type LabNode, newCluster, publicNetwork, waitFor } from "../../lab/index.ts";

/*
 * A node a that serves metrics, and its peers b and c.
 *
 *   a 203.0.113.1   b 203.0.113.2   c 203.0.113.3   discovery 203.0.113.9
 *   ===+================+===============+===============+=== internet
 */
let lab: Lab;
let cluster: Cluster;
let a: LabNode;
let b: LabNode;
let c: LabNode;

beforeAll(async () => {
  lab = await Lab.open();
  const { discovery, host } = await publicNetwork(lab);
  [a, b, c] = [await host("a", 1), await host("b", 2), await host("c", 3)];
  cluster = newCluster();
  const options = { cluster, services: [discovery.url] };
  await a.start({ ...options, daemon: { metrics: { listen: "127.0.0.1:9586" } } });
  await b.start(options);
  await c.start(options);
  await a.daemon.waitForPeers("b", "c");
});

afterAll(() => lab.close());

const script = `fetch("http://127.0.0.1:9586/metrics").then((r) => r.text()).then((t) => process.stdout.write(t));`;

const scraped = (node: LabNode): Promise<string> => node.run(process.execPath, "-e", script);

/** The value of the first series whose line begins so; `undefined` without one. */
function valueOf(text: string, start: string): number | undefined {
  const line = text.split("\n").find((each) => each.startsWith(start));
  return line === undefined ? undefined : Number(line.split(" ").at(-1));
}

const waitForValue = (start: string, isAsWanted: (value: number) => boolean): Promise<string> =>
  waitFor(
    async () => {
      const text = await scraped(a);
      const value = valueOf(text, start);
      return value !== undefined && isAsWanted(value) && text;
    },
    { what: start, describe: () => scraped(a) },
  );

it("a node says of its peers, registries and passes what is so, and tells no secret", async () => {
  const text = await waitForValue(`kubespan_peers{state="up"}`, (up) => up === 2);
  expect(valueOf(text, `kubespan_peer_up{peer="b"`)).toBe(1);
  expect(valueOf(text, `kubespan_peers_by_way{way="direct"}`)).toBe(2);
  expect(valueOf(text, "kubespan_registry_connected{")).toBe(1);
  expect(valueOf(text, `kubespan_passes_total{scope="everything"}`)).toBeGreaterThan(0);
  expect(valueOf(text, `kubespan_work{state="working"}`)).toBe(1);
  const { peers } = await a.daemon.status();
  for (const { publicKey } of peers) expect(text).toContain(`public_key="${publicKey}"`);
  const identity = a.namespace.read("/run/state/identity.json");
  const [, privateKey = "none"] = /"privateKey":\s*"([^"]+)"/.exec(identity) ?? [];
  expect(privateKey).not.toBe("none");
  for (const secret of [privateKey, cluster.secret]) expect(text).not.toContain(secret);
});

it("packets to a peer are counted, under both names", async () => {
  const before = await scraped(a);
  const { peers } = await a.daemon.status();
  const peer = peers.find(({ label }) => label === "b");
  expect((await a.ping(peer?.address ?? "", 3)).received).toBe(3);
  const text = await scraped(a);
  const name = `kubespan_peer_sent_bytes_total{peer="b"`;
  expect(valueOf(text, name)).toBeGreaterThan((valueOf(before, name) ?? 0) + 3 * 64);
  const exported = text
    .split("\n")
    .find((line) => line.startsWith("wireguard_sent_bytes_total") && line.includes(`"b"`));
  expect(Number(exported?.split(" ").at(-1))).toBe(valueOf(text, name));
});

it("repairs are counted", async () => {
  expect(valueOf(await scraped(a), `kubespan_repairs_total{part="table"}`)).toBe(0);
  await a.run("nft", "delete", "table", "inet", "talos_kubespan");
  await waitForValue(`kubespan_repairs_total{part="table"}`, (repairs) => repairs === 1);
});

it("a peer that is cut off is down in the series, while the other one stays up", async () => {
  const { peers } = await a.daemon.status();
  const peer = peers.find(({ label }) => label === "b");
  await b.run("ip", "link", "set", "eth0", "down");
  expect(await a.reaches(peer?.address ?? "")).toBe(false); // a peer that owes answers is given up sooner
  const text = await waitForValue(`kubespan_peer_up{peer="b"`, (up) => up === 0);
  expect(valueOf(text, `kubespan_peer_up{peer="c"`)).toBe(1);
  expect(valueOf(text, `kubespan_peers{state="up"}`)).toBe(1);
  expect(text).not.toContain(`kubespan_peer_way{peer="b"`);
});
