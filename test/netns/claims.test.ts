import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type ConfigOptions,
  type Discovery,
  HostileMember,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";
import { prefix } from "../unit/mesh/values.ts";

/*
 * Members that ask for more than is their own: m by its configuration, and others that only announce, from the host x.
 *
 *   a 203.0.113.1    b 203.0.113.2    c 203.0.113.3    m 203.0.113.4    x 203.0.113.5    metadata 203.0.113.80
 *   ===+================+================+================+================+==============+==== internet
 */
let lab: Lab;
let internet: Network;
let discovery: Discovery;
let a: LabNode;
let b: LabNode;
let c: LabNode;
let m: LabNode;
let x: LabNode;
let options: ConfigOptions;

beforeAll(async () => {
  lab = await Lab.open();
  const { network, discovery: service, host } = await publicNetwork(lab);
  [internet, discovery] = [network, service];
  [a, b, c] = [await host("a", 1), await host("b", 2), await host("c", 3)];
  [m, x] = [await host("m", 4), await host("x", 5)];
  options = { cluster: newCluster(), services: [discovery.url] };
});

afterAll(() => lab.close());

/** Waits until these are connected, whoever else is known. */
const areUp = (node: LabNode, ...names: string[]): Promise<unknown> =>
  node.daemon.waitForStatus(`${names.join()} to be up on ${node.name}`, ({ peers }) =>
    names.every((name) => peers.some(({ label, state }) => label === name && state === "up")),
  );

const withNetwork = (): ConfigOptions => ({ ...options, daemon: { advertisedPrefixes: ["10.50.0.0/24"] } });

/** 80 addresses, each of which cuts a /16 into another hundred networks: 8,700 of 260 KB as text, of 2 KB announced. */
const holes = Array.from({ length: 80 }, (_, index) =>
  prefix(`2000:${(index * 811 + 7).toString(16)}::1/128`),
);

it("a member whose networks no argument could hold costs the others nothing but its network", async () => {
  const evil = new HostileMember(x, discovery.url, "evil");
  await evil.announce(options.cluster, { name: "evil", networks: [prefix("2000::/16")], excluded: holes });
  await a.start(options);
  await b.start(withNetwork());
  const known = await a.daemon.waitForStatus("evil to be heard of, and b to be up", ({ peers }) => {
    const isUp = peers.some(({ label, state }) => label === "b" && state === "up");
    return isUp && peers.some(({ label }) => label === "evil");
  });
  const { refusedPrefixes = [] } = known.peers.find(({ label }) => label === "evil") ?? {};
  expect(refusedPrefixes.find(({ value }) => value === "2000::/16")?.reason).toMatch(/at most 256 networks/);

  // Who comes, and what changes, after it: not only what was there already.
  await c.start(options);
  await m.start(options);
  await Promise.all([areUp(c, "a", "b", "m"), areUp(a, "b", "c", "m")]);
  const status = await a.daemon.status();
  expect(status.error).toBeUndefined();
  expect(status.peers.find(({ label }) => label === "b")?.allowedIPs).toContain("10.50.0.0/24");
  await waitFor(() => a.reaches("203.0.113.3"), { what: "c to be reached" });
});

it("a member that asks for the networks in which all others are takes neither them, nor where they are dialled", async () => {
  const greedy = ["203.0.113.0/24", "10.0.0.0/8"];
  await m.daemon.configure({ ...options, daemon: { advertisedPrefixes: greedy } });
  m.daemon.signal("SIGHUP");
  const status = await a.daemon.waitForStatus("m to have its networks", ({ peers }) =>
    peers.some(({ label, allowedIPs }) => label === "m" && allowedIPs.some((each) => each.startsWith("10."))),
  );
  const peer = (label: string) => status.peers.find((each) => each.label === label);
  expect(peer("b")?.allowedIPs).toEqual(expect.arrayContaining(["10.50.0.0/24", "203.0.113.2/32"]));
  // Who is asked anew, as m claims what it has, may be tried by way of another member meanwhile.
  const dialled = (label: string) =>
    peer(label)?.candidates.flatMap(({ endpoint, kind }) => (kind === "relayed" ? [] : endpoint));
  expect(dialled("b")).toEqual(["203.0.113.2:51820"]);
  expect(dialled("c")).toEqual(["203.0.113.3:51820"]);
  const warnings = status.warnings.map(({ who, what }) => `${who} ${what}`).join("\n");
  expect(warnings).toMatch(/node m asks for 203\.0\.113\.0\/24; .* go to b, c/);
  expect(warnings).toMatch(/node m asks for 10\.0\.0\.0\/8; 10\.50\.0\.0\/24 inside it goes to b/);

  // Somebody who starts now, and has never met anybody.
  await b.daemon.command("down");
  await b.start(withNetwork());
  await areUp(b, "a", "c");
  await waitFor(() => a.reaches("203.0.113.2"), { what: "b to be reached" });
});

it("the cloud's metadata service is asked where it is, and not at a member", async () => {
  const services = ["169.254.169.254", "100.100.100.200"];
  const metadata = await lab.node("metadata");
  await metadata.attach(internet, "203.0.113.80/24");
  for (const service of services) {
    await metadata.run("ip", "address", "add", `${service}/32`, "dev", "lo");
    await a.run("ip", "route", "add", service, "via", "203.0.113.80");
  }
  const networks = [prefix("169.252.0.0/14"), prefix("100.64.0.0/10")];
  const thief = new HostileMember(x, discovery.url, "thief");
  await thief.announce(options.cluster, { name: "thief", networks });
  await a.daemon.waitForStatus("the thief to have what lies beside", ({ peers }) =>
    peers.some(({ label, allowedIPs }) => label === "thief" && allowedIPs.includes(prefix("169.252.0.0/15"))),
  );
  for (const service of services)
    await waitFor(() => a.reaches(service), {
      what: `an answer of ${service}`,
      describe: () => a.run("wg", "show"),
    });
});
