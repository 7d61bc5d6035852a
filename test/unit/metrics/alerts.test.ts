import { execa } from "execa";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { metricsReference } from "../../../src/metrics/index.ts";
import { textOf } from "../structure/source.ts";
import { alertsFile, isWell, judge, type Series } from "./promtool.ts";

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly annotations: { readonly summary: string; readonly description: string };
}

const { groups } = parse(textOf("deploy/alerts.yaml")) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

const peer = `peer="b",id="idb"`;

/** What a node says in which all is well, with a restart of the daemon, a repair, and a peer that moves once. */
const healthy: Series = {
  [`kubespan_work{state="working"}`]: "1x120",
  ...Object.fromEntries(
    ["starting", "failing", "stopped", "bypassed", "disabled"].map((state) => [
      `kubespan_work{state="${state}"}`,
      "0x120",
    ]),
  ),
  [`kubespan_peer_up{${peer}}`]: "0x3 1x116",
  [`kubespan_peers{state="up"}`]: "0 1x119",
  [`kubespan_peers{state="down"}`]: "1 0x119",
  [`kubespan_peers{state="unknown"}`]: "0x120",
  [`kubespan_peer_endpoint_changes_total{${peer}}`]: "0x30 1x89",
  [`kubespan_peer_handshake_age_seconds{${peer}}`]: "0+60x2 0+60x2 0+60x2 0+60x2 100x107",
  [`kubespan_peers_by_way{way="direct"}`]: "1x120",
  [`kubespan_peers_by_way{way="relayed"}`]: "1x10 0x109",
  [`kubespan_peers_by_way{way="carried"}`]: "0x120",
  [`kubespan_peer_round_trip_seconds{${peer}}`]: "0.7x3 0.02x116",
  [`kubespan_peer_absent{${peer}}`]: "1x20 0x99",
  [`kubespan_registry_connected{registry="first"}`]: "0x2 1x117",
  [`kubespan_registry_failing{registry="first"}`]: "1x2 0x117",
  [`kubespan_repairs_total{part="table"}`]: "0x20 1x99",
  [`kubespan_dropped_packets_total{rule="outside"}`]: "0+5x120",
  [`kubespan_pass_failures_total{scope="everything"}`]: "0x20 2x40 0x59",
  [`kubespan_pass_duration_seconds_total{scope="everything"}`]: "0+0.2x120",
  [`kubespan_passes_total{scope="everything"}`]: "0+2x120",
};

const state = (name: string): Series => ({ [`kubespan_work{state="${name}"}`]: "1x120" });

/** The fault that each alert is for, as what differs from a node in which all is well. */
const faults: Readonly<Record<string, Series>> = {
  KubespanNotWorking: state("failing"),
  KubespanBypassed: state("bypassed"),
  /** A node whose mesh is disabled asks no registry. */
  KubespanDisabled: { ...state("disabled"), [`kubespan_registry_connected{registry="first"}`]: "0x120" },
  KubespanPeerDown: { [`kubespan_peer_up{${peer}}`]: "0x120" },
  KubespanAlone: { [`kubespan_peers{state="up"}`]: "0x120", [`kubespan_peers{state="unknown"}`]: "2x120" },
  KubespanPeerFlaps: { [`kubespan_peer_endpoint_changes_total{${peer}}`]: "0+2x120" },
  KubespanHandshakeOld: { [`kubespan_peer_handshake_age_seconds{${peer}}`]: "0+60x120" },
  KubespanPeersNotDirect: { [`kubespan_peers_by_way{way="carried"}`]: "1x120" },
  KubespanPeerSlow: { [`kubespan_peer_round_trip_seconds{${peer}}`]: "0.9x120" },
  KubespanPeerAbsent: { [`kubespan_peer_absent{${peer}}`]: "1x120" },
  KubespanRegistryAway: {
    [`kubespan_registry_connected{registry="second"}`]: "0x120",
    [`kubespan_registry_failing{registry="second"}`]: "1x120",
  },
  KubespanNoRegistry: { [`kubespan_registry_connected{registry="first"}`]: "0x120" },
  KubespanRegistryRefusesNode: { [`kubespan_registry_failing{registry="first"}`]: "1x120" },
  KubespanRepairs: { [`kubespan_repairs_total{part="table"}`]: "0+1x120" },
  KubespanDrops: { [`kubespan_dropped_packets_total{rule="outside"}`]: "0+300x120" },
  KubespanPassesFail: { [`kubespan_pass_failures_total{scope="everything"}`]: "0+4x120" },
  KubespanPassesSlow: { [`kubespan_pass_duration_seconds_total{scope="everything"}`]: "0+20x120" },
};

/** Alerts that a fault also raises, because they are about a part of it or about all of it. */
const besides: Readonly<Record<string, readonly string[]>> = { KubespanNoRegistry: ["KubespanRegistryAway"] };

test("promtool finds nothing wrong with the rules, and there is a fault for each", async () => {
  const { exitCode, all } = await execa("promtool", ["check", "rules", alertsFile], {
    reject: false,
    all: true,
  });
  expect({ exitCode, all }).toMatchObject({ exitCode: 0 });
  expect(rules.length).toBeGreaterThanOrEqual(12);
  expect(rules.map(({ alert }) => alert).toSorted()).toEqual(Object.keys(faults).toSorted());
});

test("rules use only names that the daemon exposes, and say what happened and what to do", () => {
  const names = new Set([...metricsReference().matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name));
  for (const { alert, expr, annotations } of rules) {
    const used = expr.match(/\bkubespan_\w+/g) ?? [];
    expect(used.length, alert).toBeGreaterThan(0);
    expect(
      used.filter((name) => !names.has(name)),
      alert,
    ).toEqual([]);
    expect(annotations.summary, alert).toMatch(/\{\{ \$labels\.instance \}\}/);
    expect(annotations.description.length, alert).toBeGreaterThan(30);
  }
});

test("no alert fires where all is well, through the start of the daemon and single events", async () => {
  const expectations = [0, 3, 5, 10, 15, 25, 35, 60, 110].map((minute) => ({ minute, firing: [] }));
  expect(await judge(healthy, expectations)).toEqual(isWell);
});

test.each(Object.entries(faults))("%s fires for its fault, and nothing else does", async (alert, fault) => {
  const firing = [alert, ...(besides[alert] ?? [])];
  expect(
    await judge({ ...healthy, ...fault }, [
      { minute: 0, firing: [] },
      { minute: 110, firing },
    ]),
  ).toEqual(isWell);
});
