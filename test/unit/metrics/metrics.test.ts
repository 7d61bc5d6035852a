import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { expose } from "../../../src/metrics/effects/exposition.ts";
import { metricsOf, metricsReference, noTotals, withPeers } from "../../../src/metrics/index.ts";
import { peer, status } from "../cli/status-values.ts";
import { prefix } from "../mesh/values.ts";
import { textOf } from "../structure/source.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { metered, peers } from "./metered.ts";

const openMetrics = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5";

const textFor = async (accepted = "", more = {}, isPerPeer = true): Promise<string> =>
  (await expose(metricsOf(metered(more), { peers: isPerPeer }), accepted)).text;

const lines = async (...args: Parameters<typeof textFor>): Promise<readonly string[]> =>
  (await textFor(...args)).split("\n");

describe("the metrics of a node", () => {
  test.each([
    `kubespan_peer_up{peer="b",id="id2"} 1`,
    `kubespan_peer_up{peer="d",id="id4"} 0`,
    `kubespan_peer_suspected{peer="c",id="id3"} 1`,
    `kubespan_peer_way{peer="b",id="id2",way="direct"} 1`,
    `kubespan_peer_way{peer="c",id="id3",way="relayed"} 1`,
    `kubespan_peer_round_trip_seconds{peer="b",id="id2"} 0.0125`,
    `kubespan_peer_attempts{peer="d",id="id4"} 7`,
    `kubespan_peer_received_bytes_total{peer="b",id="id2"} 1000`,
    `kubespan_peers{state="up"} 2`,
    `kubespan_peers{state="unknown"} 0`,
    `kubespan_peers_by_way{way="carried"} 0`,
    `kubespan_received_bytes_total 1030`,
    `kubespan_work{state="working"} 1`,
    `kubespan_work{state="failing"} 0`,
    `kubespan_registry_connected{registry="second"} 0`,
    `kubespan_registry_failing{registry="second"} 1`,
    `kubespan_pass_failures_total{scope="everything"} 1`,
    `kubespan_pass_duration_seconds_total{scope="everything"} 0.25`,
    `kubespan_passes_total{scope="peers"} 0`,
    `kubespan_repairs_total{part="table"} 2`,
    `kubespan_dropped_packets_total{rule="outside"} 5`,
    `process_start_time_seconds 1000000000`,
  ])("%s", async (line) => expect(await lines()).toContain(line));

  test("a registry of the last run is neither connected nor not, and a peer that is down has no way", async () => {
    const text = await textFor();
    expect(text).not.toContain(`kubespan_registry_connected{registry="members"}`);
    expect(text).not.toMatch(/kubespan_peer_way\{peer="d"/);
  });

  test("names of the exporter have its labels, and the time of the handshake since 1970", async () => {
    const text = await textFor();
    const labels = `interface="kubespan",public_key="${peers[0]?.publicKey}",allowed_ips="10.244.2.0/24",friendly_name="b"`;
    expect(text).toContain(`wireguard_latest_handshake_seconds{${labels}} 1000000000\n`);
    expect(text).toContain(`wireguard_sent_bytes_total{${labels}} 2000\n`);
    const never = peer(5, { label: "e" });
    const { handshakeAgeSeconds: _, ...rest } = never;
    expect(await textFor("", { peers: [rest] })).toMatch(/wireguard_latest_handshake_seconds\{.*\} 0\n/);
  });

  test("without peers, the number of lines does not depend on them, and none names one", async () => {
    const without = await lines("", {}, false);
    expect(without.filter((line) => /^(?:kubespan_peer_|wireguard_)/.test(line))).toEqual([]);
    expect(await lines("", { peers: [] }, false)).toHaveLength(without.length);
    expect(without).toContain(`kubespan_peers{state="up"} 2`);
  });

  test("hostile names stay within one label, and are bounded", async () => {
    const label = `evil"} 1\nkubespan_peer_up{peer="x\\\u202E<script>${"y".repeat(70_000)}`;
    const hostile = peer(2, { label, allowedIPs: Array.from({ length: 500 }, () => prefix("10.1.2.0/24")) });
    const [usual, all] = [await lines("", { peers: [peer(2)] }), await lines("", { peers: [hostile] })];
    expect(all.map((line) => line.split(/[{ ]/)[0])).toEqual(usual.map((line) => line.split(/[{ ]/)[0]));
    expect(Math.max(...all.map((line) => line.length))).toBeLessThan(500);
    expect(all.find((line) => line.startsWith("kubespan_peer_up"))).toContain(
      `peer="evil\\"} 1?kubespan_peer_up{peer=\\"x\\\\?<script>`,
    );
  });
});

const received = (bytes: number) => [peer(2, { receivedBytes: bytes }), peer(3, { receivedBytes: 5 })];

test("the sums of all peers only grow: neither when a peer leaves, nor when its counters begin anew", () => {
  let totals = withPeers(noTotals, received(100));
  expect(totals.sums.receivedBytes).toBe(105);
  totals = withPeers(totals, received(150));
  expect(totals.sums.receivedBytes).toBe(155);
  totals = withPeers(totals, received(10));
  expect(totals.sums.receivedBytes).toBe(165);
  totals = withPeers(totals, status().peers);
  expect(totals.sums.receivedBytes).toBe(165);
});

test("docs/metrics.md has the tables of the metrics (npm run generate:reference)", async () => {
  const docs = textOf("docs/metrics.md");
  expect(docs.slice(docs.indexOf("## The node and all"))).toBe(metricsReference());
  const listed = [...docs.matchAll(/^\| `(\w+)` \| (gauge|counter) \|/gm)].map(
    ([, name, kind]) => `${name} ${kind}`,
  );
  const exposed = [...(await textFor()).matchAll(/^# TYPE (\w+ \w+)$/gm)].map(([, type = ""]) => type);
  expect(exposed.toSorted()).toEqual(listed.toSorted());
  expect(exposed.length).toBeGreaterThan(40);
});

describe("promtool", () => {
  test("finds nothing wrong in the older format", async () => {
    const { exitCode, stderr, stdout } = await execa("promtool", ["check", "metrics"], {
      input: await textFor(),
      reject: false,
    });
    expect({ exitCode, stderr, stdout }).toEqual({ exitCode: 0, stderr: "", stdout: "" });
  });

  test("reads the OpenMetrics, of which every line of a value gets a time, as the tool wants it", async () => {
    const folder = await temporaryFolder();
    const text = await textFor(openMetrics);
    expect(text).toMatch(/\n# EOF\n$/);
    expect(text).toContain("# TYPE kubespan_passes counter\n");
    const timed = text.replace(/^(?!#)(.+)$/gm, "$1 1000000100");
    const file = join(folder, "metrics");
    const read = async (content: string) => {
      await writeFile(file, content);
      const args = ["tsdb", "create-blocks-from", "openmetrics", file, join(folder, "data")];
      const { exitCode, stderr } = await execa("promtool", args, { reject: false });
      return { exitCode, stderr };
    };
    expect(await read(timed)).toEqual({ exitCode: 0, stderr: "" });
    expect((await read(timed.replace("# EOF", ""))).exitCode).toBe(1);
  });
});
