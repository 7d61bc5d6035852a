import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  Capture,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  PingStream,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";

/*
 *   a 203.0.113.1          b 203.0.113.2          service 203.0.113.9
 *      |                      |                      |
 *   ===+======================+======================+=== internet
 */
let lab: Lab;
let internet: Network;
let a: LabNode;
let b: LabNode;

beforeAll(async () => {
  lab = await Lab.open();
  const { network, discovery, host } = await publicNetwork(lab);
  internet = network;
  [a, b] = [await host("a", 1), await host("b", 2)];
  const options = { cluster: newCluster(), services: [discovery.url] };
  for (const node of [a, b]) await node.start(options);
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  await waitFor(() => a.reaches("203.0.113.2"), { what: "an answer through the mesh" });
});

afterAll(() => lab.close());

/** Pings from a to b in clear on the wire while `act` runs under continuous traffic. */
async function inClear(act: () => Promise<void>): Promise<string[]> {
  const capture = await Capture.start(lab, internet);
  const pings = await PingStream.start(a, "203.0.113.2", 0.005);
  await act();
  await pings.moreAnswers(20);
  await pings.stop();
  await capture.stop();
  expect((await capture.lines("udp port 51820")).length).toBeGreaterThan(20);
  return capture.lines("icmp");
}

describe("traffic to a peer never leaves in clear", () => {
  it("while the link is deleted and made again", async () => {
    expect(await inClear(() => a.run("ip", "link", "del", "kubespan").then(() => undefined))).toEqual([]);
  });

  it("while the link is gone for long, because no daemon runs", async () => {
    await a.daemon.stop("SIGKILL");
    const capture = await Capture.start(lab, internet);
    await a.run("ip", "link", "del", "kubespan");
    expect((await a.ping("203.0.113.2")).received).toBe(0);
    await capture.stop();
    expect(await capture.lines("icmp")).toEqual([]);
    await a.daemon.start();
    await a.daemon.waitForPeers("b");
  });

  it("while the daemon is killed and started again", async () => {
    const clear = await inClear(async () => {
      await a.daemon.stop("SIGKILL");
      await a.daemon.start();
      await a.daemon.waitForPeers("b");
    });
    expect(clear).toEqual([]);
  });

  it("while the peer is gone without a word", async () => {
    await b.daemon.stop("SIGKILL");
    await b.run("ip", "link", "del", "kubespan");
    const capture = await Capture.start(lab, internet);
    expect((await a.ping("203.0.113.2", 5)).received).toBe(0);
    await capture.stop();
    expect(await capture.lines("icmp and src host 203.0.113.1")).toEqual([]);
    await b.daemon.start();
    await b.daemon.waitForPeers("a");
    await waitFor(() => a.reaches("203.0.113.2"), { what: "an answer through the mesh" });
  });
});
