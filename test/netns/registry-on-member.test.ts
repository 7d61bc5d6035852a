import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  Capture,
  type ConfigOptions,
  Discovery,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  PingStream,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";
import { certificatesIn } from "../unit/discovery/certificates.ts";
import { asked, serve } from "./talk.ts";

/*
 * The only registry lives on a member, whose tunnel cannot come up before the registry is read.
 *
 *   a 203.0.113.1           b 203.0.113.2    c 203.0.113.3
 *     registry.test:3000      203.0.113.22
 *   ===+====================+================+=== internet
 */
let lab: Lab;
let internet: Network;
let [a, b, c]: LabNode[] = [];
let service: Discovery;
const node = (found: LabNode | undefined): LabNode => found ?? expect.fail("the lab is not there");
const cluster = newCluster();
const name = "registry.test";

const optionsFor = (services: readonly string[], daemon: Record<string, unknown> = {}): ConfigOptions => ({
  cluster,
  services,
  daemon: { serviceCAFiles: { "service-0": "/run/ca.pem" }, ...daemon },
});

const url = `https://${name}:3000/`;
const [plain, plainPort] = ["http://203.0.113.1:3001/", 3001];

beforeAll(async () => {
  lab = await Lab.open();
  const { network, host } = await publicNetwork(lab);
  internet = network;
  [a, b, c] = [await host("a", 1), await host("b", 2), await host("c", 3)];
  await b.address("eth0", "203.0.113.22/24");
  const files = certificatesIn(a.namespace.path("/run"), `DNS:${name}`);
  const authority = await readFile(files.caFile, "utf8");
  for (const each of [a, b, c]) {
    await each.namespace.write("/run/ca.pem", authority, 0o644);
    await isAt(each, "203.0.113.1");
  }
  service = new Discovery(a, "203.0.113.1", { tls: { cert: "/run/cert.pem", key: "/run/key.pem" } });
  await service.start();
});

afterAll(() => lab?.close());

/** Whoever tells a node about names says that the registry is at this address. */
async function isAt(each: LabNode, address: string): Promise<void> {
  await each.namespace.write("/run/hosts", `127.0.0.1 localhost\n${address} ${name}\n`, 0o644);
  await each.run("sh", "-c", "mountpoint -q /etc/hosts || mount --bind /run/hosts /etc/hosts");
}

/** Waits until a node is connected to this one, under the identity that it has now. */
async function meets(each: LabNode, other: LabNode): Promise<void> {
  const { publicKey } = (await other.daemon.waitForStatus("an answer", () => true)).node;
  await each.daemon.waitForStatus(`${other.name} with its present key`, ({ peers }) =>
    peers.some((peer) => peer.publicKey === publicKey && peer.state === "up"),
  );
}

/** Ends the daemon of a node, and takes all from the node that it and its kernel know of the mesh. */
async function wipe(each: LabNode): Promise<void> {
  await each.daemon.stop("SIGKILL");
  await each.run("ip", "link", "del", "kubespan");
  await each.run("nft", "flush", "ruleset");
  await each.run("rm", "-rf", "/run/state");
}

const tcpTo = (target: string): string => `tcp and dst host ${target.replace(":", " and dst port ")}`;

it("the mesh forms", async () => {
  const all = [node(a), node(b), node(c)];
  for (const each of all) await each.start(optionsFor([url]));
  for (const each of all)
    await each.daemon.waitForPeers(...all.filter((other) => other !== each).map((other) => other.name));
  expect((await node(b).ping("203.0.113.1")).received).toBe(3);
});

it("while the member is away, only the daemon's own connections to the registry leave outside", async () => {
  const [home, other] = [node(a), node(b)];
  await other.daemon.configure(optionsFor([url, plain]));
  other.daemon.signal("SIGHUP");
  await other.daemon.waitForStatus("the other registry", ({ registries }) => registries.length === 2);
  await serve(home, 7000, "another port");
  const pings = await PingStream.start(other, "203.0.113.1");
  const capture = await Capture.start(lab, internet);
  await home.daemon.stop("SIGKILL");
  await home.run("ip", "link", "del", "kubespan");
  await service.stop("SIGKILL");
  await other.daemon.waitForStatus("the loss of a", ({ peers }) =>
    peers.every(({ label, state }) => label !== "a" || state === "down"),
  );
  await pings.stop();
  await service.start();
  await other.daemon.waitForStatus("the registry", ({ registries }) => registries[0]?.phase === "connected");
  for (const port of [3000, plainPort, 7000])
    expect(await asked(other, "203.0.113.22", "203.0.113.1", port, 3)).toBe("");
  const { registries, node: self } = await other.daemon.status();
  expect(registries[1]).toMatchObject({ phase: "connecting" });
  expect(self.leftOut.map(({ value }) => value)).toContain(`registry 203.0.113.1:${plainPort}`);
  await capture.stop();
  const from = (source: string, target: string): Promise<string[]> =>
    capture.lines(`src host ${source} and ${tcpTo(target)}`);
  expect((await from("203.0.113.2", "203.0.113.1:3000")).length).toBeGreaterThan(5);
  expect(await from("203.0.113.2", `203.0.113.1:${plainPort}`)).toEqual([]);
  expect(await from("203.0.113.22", "203.0.113.1")).toEqual([]);
  expect(
    await capture.lines(
      "src host 203.0.113.2 and dst host 203.0.113.1 and not udp and not arp and not port 3000",
    ),
  ).toEqual([]);
});

it("a member whose identity is lost comes back, the registry's own and another", async () => {
  const [home, lost, third] = [node(a), node(b), node(c)];
  await service.stop("SIGKILL"); // the daemon of a is away since the test before
  await home.run("nft", "flush", "ruleset");
  await home.run("rm", "-rf", "/run/state");
  await service.start();
  // Whatever the operator says of the rest, a registry here is answered where it was asked.
  await home.start(optionsFor([url], { answerOutside: false, strictIngress: "all" }));
  for (const each of [lost, third]) await meets(each, home);
  await wipe(lost);
  await lost.daemon.start();
  await meets(home, lost);
  await meets(lost, home);
  const { address } = (await home.daemon.status()).node;
  await waitFor(() => lost.reaches(address), { what: "an answer through the mesh" });
});
