import { afterAll, beforeAll, expect, it } from "vitest";
import { Daemon } from "../../lab/daemon.ts";
import {
  type ConfigOptions,
  configFile,
  kubespan,
  Lab,
  type LabNode,
  newCluster,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";
import { Service } from "../../lab/service.ts";

/*
 * Hosts on which others are busy, or that give little: the mesh goes on, and follows what changes.
 *
 *   a 203.0.113.1    b 203.0.113.2    c 203.0.113.3
 *   ===+================+================+=== internet
 */
let lab: Lab;
let a: LabNode;
let b: LabNode;
let c: LabNode;
let options: ConfigOptions;

beforeAll(async () => {
  lab = await Lab.open();
  const { discovery, host } = await publicNetwork(lab);
  [a, b, c] = [await host("a", 1), await host("b", 2), await host("c", 3)];
  options = { cluster: newCluster(), services: [discovery.url] };
  for (const each of [a, b]) await each.start(options);
  await a.daemon.waitForPeers("b");
});
afterAll(() => lab.close());

/** Waits until a reaches an address that b has just got, by the mesh. */
async function learns(address: string): Promise<void> {
  await b.run("ip", "address", "add", `${address}/32`, "dev", "eth0");
  await waitFor(
    async () =>
      (await a.run("wg", "show", "kubespan", "allowed-ips")).includes(`${address}/32`) &&
      (await a.reaches(address)),
    { what: `a to reach ${address}`, describe: () => a.daemon.log() },
  );
}

it("a set of somebody else's with 60,000 addresses", async () => {
  const all = Array.from({ length: 60_000 }, (_, at) => `198.18.${at >> 8}.${at & 255}`);
  await a.namespace.nft(
    `table inet blocked {
      set everybody { type ipv4_addr; elements = { ${all.join()} } }
      chain arriving { type filter hook input priority 10; ip saddr @everybody drop; }
    }`,
  );
  await learns("203.0.113.50");
});

it("routes that change all the time", async () => {
  // Some 300 changes a second; `ip` ends with who feeds it.
  const changes = `$| = 1; open(my $ip, "|-", "ip", "-batch", "-"); $ip->autoflush(1);
    for (my $metric = 1; ; $metric++) {
      print $ip "route $_ 198.51.100.0/24 dev eth0 metric $metric\\n" for "add", "del";
      select(undef, undef, undef, 0.006);
    }`;
  const storm = new Service(a.namespace, "storm", ["perl", "-MIO::Handle", "-e", changes]);
  await storm.start();
  try {
    await waitFor(async () => (await a.run("ip", "route")).includes("198.51.100.0/24"), {
      what: "the storm",
      pollMs: 1,
    });
    await learns("203.0.113.60");
  } finally {
    await storm.stop("SIGKILL");
  }
});

const inTurn = (on: LabNode, ...commands: readonly string[]): Promise<string> =>
  on.run("sh", "-c", ["set -e", ...commands].join("\n"));

it("a link that gets another name, and then becomes a port of a bridge", async () => {
  await inTurn(
    b,
    "ip link set eth0 down",
    "ip link set eth0 name lan0",
    "ip link set lan0 up",
    "ip route replace default via 203.0.113.9",
  );
  await waitFor(() => a.reaches("203.0.113.2"), { what: "b behind another name" });
  await inTurn(
    b,
    "ip link add eth0 type bridge",
    "ip link set eth0 up",
    "ip address flush dev lan0",
    "ip link set lan0 master eth0",
    "ip address add 203.0.113.2/24 dev eth0",
    "ip route replace default via 203.0.113.9",
  );
  await waitFor(() => a.reaches("203.0.113.2"), { what: "b behind a bridge" });
  await learns("203.0.113.70");
});

/** Runs c's daemon by another command, waits until it is in the mesh, and gives the process and the daemon. */
async function joins(
  name: string,
  ...argv: readonly string[]
): Promise<{ service: Service; daemon: Daemon }> {
  const daemon = new Daemon(c.name, c.namespace);
  await daemon.configure(options);
  const service = new Service(c.namespace, name, argv);
  await service.start();
  await a.daemon.waitForPeers("b", "c");
  expect(await a.reaches((await daemon.status()).node.address)).toBe(true);
  return { service, daemon };
}

it("64 open files", async () => {
  const argv = ["prlimit", "--nofile=64", kubespan, "run", "--config", configFile];
  const { service } = await joins("limited", ...argv);
  expect(await service.stop()).toBe(0);
});

it("a pipe for the log that is full, and that nobody reads", async () => {
  const script = `{ head -c 65536 /dev/zero; exec ${kubespan} run --config ${configFile}; } 2>&1 | sleep infinity`;
  const { daemon } = await joins("unread", "sh", "-c", script);
  expect((await daemon.command("down")).exitCode).toBe(0);
});
