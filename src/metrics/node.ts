import type { PeerReport, Work } from "../api/index.ts";
import { printable, version } from "../base/index.ts";
import { type Drawn, each, one } from "./family.ts";
import type { Metered } from "./metered.ts";
import type { PassCounts } from "./passes.ts";

type Draw = Drawn<Metered>["draw"];

const named = (
  kind: Drawn<Metered>["kind"],
  name: string,
  help: string,
  draw: Draw,
  ...labels: readonly string[]
): Drawn<Metered> => ({ name, kind, labels, help, draw });

const gauge = (name: string, help: string, draw: Draw, ...labels: readonly string[]) =>
  named("gauge", name, help, draw, ...labels);

const counter = (name: string, help: string, draw: Draw, ...labels: readonly string[]) =>
  named("counter", name, help, draw, ...labels);

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const workStates: readonly Work["state"][] = [
  "working",
  "starting",
  "failing",
  "stopped",
  "bypassed",
  "disabled",
];
const peerStates: readonly PeerReport["state"][] = ["up", "down", "unknown"];
const ways: readonly NonNullable<PeerReport["way"]>["kind"][] = [
  "direct",
  "mapped",
  "guessed",
  "relayed",
  "carried",
];

/** Counts the subjects that have each of these words. Words that none has are there with 0. */
const tally = (words: readonly string[], found: readonly (string | undefined)[]): Record<string, number> =>
  Object.fromEntries(words.map((word) => [word, found.filter((other) => other === word).length]));

const perScope = (counts: PassCounts, field: keyof PassCounts[string]) =>
  each("scope", Object.fromEntries(Object.entries(counts).map(([scope, count]) => [scope, count[field]])));

/** The series of the node and of all peers together. Their number does not depend on that of the peers. */
export const ofNode: readonly Drawn<Metered>[] = [
  gauge(
    "kubespan_build_info",
    "1, with the version of the daemon, the implementation of WireGuard and its engine",
    ({ status: { node } }) =>
      one(1, {
        version,
        implementation: node.implementation,
        engine: printable(node.engine?.name ?? "", 100),
      }),
    "version",
    "implementation",
    "engine",
  ),
  gauge(
    "kubespan_work",
    "1 for the state of the daemon's work, 0 for the others",
    ({ status }) => each("state", tally(workStates, [status.work.state])),
    "state",
  ),
  gauge(
    "kubespan_peers",
    "peers by state",
    ({ status }) =>
      each(
        "state",
        tally(
          peerStates,
          status.peers.map(({ state }) => state),
        ),
      ),
    "state",
  ),
  gauge(
    "kubespan_peers_by_way",
    "peers that are up, by the way that packets take to them",
    ({ status }) =>
      each(
        "way",
        tally(
          ways,
          status.peers.map(({ state, way }) => (state === "up" ? way?.kind : undefined)),
        ),
      ),
    "way",
  ),
  gauge(
    "kubespan_suspected_peers",
    "peers that are up, and an answer that was due is missing",
    ({ status }) => one(status.peers.filter(({ suspected }) => suspected).length),
  ),
  gauge("kubespan_absent_peers", "peers that no registry names any more", ({ status }) =>
    one(status.peers.filter(({ absent }) => absent).length),
  ),
  gauge("kubespan_refused_affiliates", "affiliates that are no peers, for a reason", ({ status }) =>
    one(status.refusedAffiliates.length),
  ),
  gauge("kubespan_warnings", "warnings that kubespan status shows", ({ status }) =>
    one(status.warnings.length),
  ),
  counter(
    "kubespan_received_bytes_total",
    "bytes received of all peers, also of those that left",
    ({ totals }) => one(totals.sums.receivedBytes),
  ),
  counter("kubespan_sent_bytes_total", "bytes sent to all peers, also to those that left", ({ totals }) =>
    one(totals.sums.sentBytes),
  ),
  counter("kubespan_endpoint_changes_total", "changes of the endpoints of all peers", ({ totals }) =>
    one(totals.sums.endpointChanges),
  ),
  counter(
    "kubespan_passes_total",
    "passes of the daemon by scope",
    ({ passes }) => perScope(passes, "passes"),
    "scope",
  ),
  counter(
    "kubespan_pass_failures_total",
    "passes that failed, by scope",
    ({ passes }) => perScope(passes, "failures"),
    "scope",
  ),
  counter(
    "kubespan_pass_duration_seconds_total",
    "time that passes took, by scope",
    ({ passes }) => perScope(passes, "seconds"),
    "scope",
  ),
  counter(
    "kubespan_repairs_total",
    "times that the daemon put back what another program had changed, by what it was",
    ({ status }) => each("part", status.repairs),
    "part",
  ),
  counter(
    "kubespan_dropped_packets_total",
    "packets that the table dropped, by the rule that dropped them",
    ({ status }) => each("rule", { ...status.dropped }),
    "rule",
  ),
  counter(
    "kubespan_masqueraded_connections_total",
    "connections into the mesh that got an address of this node",
    ({ status }) => one(status.masqueraded),
  ),
  gauge("kubespan_racing_works", "1 if peers can be reached by races, else 0", ({ status: { node } }) =>
    one(Number(node.racing.works)),
  ),
  counter(
    "kubespan_race_packets_total",
    "packets of races, and answers to them, by outcome",
    ({ status: { node } }) => each("outcome", { ...node.racing.counts }, snakeCase),
    "outcome",
  ),
  gauge(
    "kubespan_relay_serves",
    "1 if this node offers to pass packets on for others",
    ({ status: { node } }) => one(Number(node.relay.serves)),
  ),
  gauge(
    "kubespan_relay_pairs",
    "pairs of nodes for which this node passes packets on",
    ({ status: { node } }) => one(node.relay.pairs),
  ),
  counter(
    "kubespan_relay_handshakes_total",
    "handshakes between others that this node passed on or refused",
    ({ status: { node } }) => each("outcome", { passed: node.relay.passed, refused: node.relay.refused }),
    "outcome",
  ),
  counter(
    "kubespan_relay_bytes_total",
    "bytes of WireGuard's packets that this node passed on between others",
    ({ status: { node } }) => one(node.relay.bytes),
  ),
  gauge("kubespan_mtu_bytes", "MTU of the link", ({ status: { node } }) => one(node.mtu)),
  gauge("process_start_time_seconds", "start of the daemon in seconds since 1970", ({ status: { node } }) =>
    one(Date.parse(node.startedAt) / 1000),
  ),
  gauge("process_resident_memory_bytes", "memory of the daemon", ({ process }) => one(process.residentBytes)),
  counter("process_cpu_seconds_total", "processor time of the daemon", ({ process }) =>
    one(process.cpuSeconds),
  ),
];
