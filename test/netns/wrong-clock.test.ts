import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  Capture,
  type ConfigOptions,
  Lab,
  type LabNode,
  newCluster,
  type PublicNetwork,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";
import { Service } from "../../lab/service.ts";
import { powerCut } from "./power-cut.ts";

/*
 * A machine whose clock is behind after a start: a has seen initiations and numbers of b with later dates. The first
 * daemon of b has a clock that is six hours ahead, so that all of b, WireGuard as well, is six hours behind from its second
 * start on.
 *
 *   a 203.0.113.1    b 203.0.113.2
 *   ===+================+=== internet
 */
let lab: Lab;
let network: PublicNetwork;
let a: LabNode;
let b: LabNode;
let options: ConfigOptions;

const checkout = fileURLToPath(new URL("../..", import.meta.url));
const launcher = "/run/kubespan-at-another-time";

beforeAll(async () => {
  lab = await Lab.open();
  network = await publicNetwork(lab);
  [a, b] = [await network.host("a", 1), await network.host("b", 2)];
  options = { cluster: newCluster(), services: [network.discovery.url] };
  const node = `${checkout}/node_modules/.bin/node`;
  const ahead = `[ -e /run/clock-is-behind ] || export SHIFTED_HOURS=6`;
  await b.namespace.write(
    launcher,
    `#!/bin/sh\n${ahead}\nexec ${node} --require ${checkout}/test/netns/shifted-clock.cjs ${checkout}/dist/main.cjs "$@"\n`,
    0o755,
  );
});

afterAll(() => lab.close());

it("comes in by itself, both ways, and says what is wrong with its clock", async () => {
  await a.start(options);
  await b.start(options, launcher);
  await a.daemon.waitForPeers("b"); // b itself, whose clock is not WireGuard's now, takes every handshake for an old one
  await powerCut(b);
  await b.namespace.write("/run/clock-is-behind", "");
  await b.daemon.start();
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  for (const [from, to] of [
    [a, "203.0.113.2"],
    [b, "203.0.113.1"],
  ] as const)
    await waitFor(() => from.reaches(to), {
      what: `${to} to be reached from ${from.name}`,
      describe: () => from.run("wg", "show"),
    });
  const { warnings } = await b.daemon.status();
  expect(warnings.map(({ who, what }) => `${who} ${what}`).join("\n")).toMatch(
    /^the clock this node's clock shows .*, before .*, when it last ran: announcements are taken whatever their date; set it/m,
  );
});

it("asks a time server on a member, which nobody else reaches, through the tunnel", async () => {
  // Such a server has UDP port 123, and here the time of a, in place of NTP's packets.
  const told = (await a.run("date", "+%s")).trim();
  const serve = `const s = require("node:dgram").createSocket("udp4");
    s.on("message", (_, { port, address }) => s.send("it is ${told}", port, address));
    s.bind(123, "203.0.113.1", () => console.log("listening"));`;
  const server = new Service(a.namespace, "time", [process.execPath, "-e", serve], "listening");
  await server.start();
  const ask = `const s = require("node:dgram").createSocket("udp4");
    s.on("message", (text) => { console.log(String(text)); process.exit(); });
    setTimeout(() => process.exit(1), 60_000);
    setInterval(() => s.send("what time is it", 123, "203.0.113.1"), 200);`;
  const capture = await Capture.start(lab, network.network);
  expect((await b.namespace.attempt(process.execPath, "-e", ask)).stdout.trim()).toBe(`it is ${told}`);
  await capture.stop();
  expect(await capture.lines("port 123")).toEqual([]);
  expect((await capture.lines("udp port 51820")).length).toBeGreaterThan(1);
  await server.stop("SIGKILL");
});

it("what it announces from then on is taken by the others", async () => {
  await b.address("eth0", "203.0.113.50/24");
  await a.daemon.waitForStatus("b's new address", ({ peers }) =>
    peers.some(({ allowedIPs }) => allowedIPs.some((each) => each === "203.0.113.50/32")),
  );
});
