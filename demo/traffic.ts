import { Capture, type LabNode } from "../lab/index.ts";
import type { Status } from "../src/api/index.ts";
import { type Internet, type Member, officeNAT, outsideAddress } from "./internet.ts";
import { statusOf } from "./mesh.ts";
import type { Report } from "./view.ts";

/**
 * The content of the packets, by which they are recognised on the wire. It has 16 bytes, the longest pattern that ping
 * repeats.
 */
const inMesh = "kubespan-private";
const inClear = "kubespan-outside";

const packets = 3;

/** Sends pings and gives the number of answers. */
async function ping(from: LabNode, target: string | undefined, filling: string): Promise<number> {
  if (target === undefined) return 0;
  const options = [
    "-n",
    "-c",
    `${packets}`,
    "-i",
    "0.2",
    "-W",
    "10",
    "-p",
    Buffer.from(filling).toString("hex"),
  ];
  const { stdout } = await from.namespace.attempt("ping", ...options, target);
  return Number(/(\d+) received/.exec(stdout)?.[1] ?? 0);
}

/** All pairs of members, in both directions. */
const pairs = (members: readonly Member[]): [from: Member, to: Member][] =>
  members.flatMap((from) => members.flatMap((to): [Member, Member][] => (from === to ? [] : [[from, to]])));

/** Sends packets through the mesh and past it, and examines what was on the wire meanwhile. */
export async function proveTraffic(internet: Internet, report: Report): Promise<void> {
  const { lab, network, home, members } = internet;
  const wire = await Capture.start(lab, network);
  const homeWire = await Capture.start(lab, home);
  const before = await statusesOf(members);
  await pingEveryone(members, before, report);
  const after = await statusesOf(members);
  await pingOutside(members, report);
  await Promise.all([wire.stop(), homeWire.stop()]);
  await lookAtWire(wire, homeWire, report);
  counters(before, after, report);
}

const statusesOf = async (members: readonly Member[]): Promise<Status[]> =>
  (await Promise.all(members.map(statusOf))).filter((status) => status !== undefined);

async function pingEveryone(
  members: readonly Member[],
  known: readonly Status[],
  report: Report,
): Promise<void> {
  const meshAddress = ({ node }: Member): string | undefined =>
    known.flatMap(({ peers }) => peers).find(({ label }) => label === node.name)?.address;
  const kinds: [what: string, send: (from: Member, to: Member) => Promise<number>][] = [
    ["mesh addresses (IPv6)", (from, to) => ping(from.node, meshAddress(to), inMesh)],
    ["nodes' own addresses", (from, to) => ping(from.node, to.address, inMesh)],
    ["pod to pod", (from, to) => ping(from.pod, to.podAddress, inMesh)],
  ];
  for (const [what, send] of kinds) {
    const answers = await Promise.all(pairs(members).map(([from, to]) => send(from, to)));
    const good = answers.filter((count) => count === packets).length;
    report.check(good === answers.length, `ping, ${what}: ${good} of ${answers.length} ways, nothing lost`);
  }
}

async function pingOutside(members: readonly Member[], report: Report): Promise<void> {
  const office = members.filter(({ node }) => node.name === "office");
  const senders = office.flatMap(({ node, pod }) => [node, pod]);
  const answers = await Promise.all(senders.map((sender) => ping(sender, outsideAddress, inClear)));
  const good = answers.filter((count) => count === packets).length;
  report.check(
    good === senders.length,
    `ping, office and its pod to the outside host: ${good} of ${senders.length} ways`,
  );
}

const seen = (isSeen: boolean): string => (isSeen ? "seen" : "never seen");

async function lookAtWire(wire: Capture, homeWire: Capture, report: Report): Promise<void> {
  // Handshakes to a private address of another site leave as WireGuard packets that no host answers.
  const inner = "(net 10.244.0.0/16 or net 192.168.0.0/16 or net fd00::/8) and not udp portrange 51820-51821";
  const leaked = await wire.lines(inner);
  const marked = await wire.contains(inMesh);
  report.check(
    leaked.length === 0 && !marked,
    `on the internet: ${leaked.length} packets of nodes or pods in clear, their contents ${seen(marked)}`,
  );
  for (const line of leaked.slice(0, 3)) console.log(`        ${line}`);
  const tunnel = (await wire.lines("udp portrange 51820-51821 and net 203.0.113.0/24")).length;
  report.check(tunnel > 0, `on the internet: ${tunnel} packets of WireGuard`);
  const neighbours = (await homeWire.lines("icmp and host 192.168.1.21 and host 192.168.1.22")).length;
  const atHome = await homeWire.contains(inMesh);
  report.check(
    neighbours === 0 && !atHome,
    `in the LAN of home-a and home-b: ${neighbours} packets between them in clear, their contents ${seen(atHome)}`,
  );
  const requests = `icmp[icmptype] == icmp-echo and src ${officeNAT} and dst ${outsideAddress}`;
  const outside = (await wire.lines(requests)).length;
  report.check(
    outside === 2 * packets && (await wire.contains(inClear)),
    `on the internet: ${outside} of ${2 * packets} pings to the outside host in clear, from the office's public address`,
  );
}

const received = (statuses: readonly Status[]): number[] =>
  statuses.flatMap(({ peers }) => peers.map(({ receivedBytes }) => receivedBytes));

/** Checks that WireGuard counted at least what was sent: 3 packets of 84 bytes, three times. */
function counters(before: readonly Status[], after: readonly Status[], report: Report): void {
  const least = 3 * packets * 84;
  const start = received(before);
  const grown = received(after).map((bytes, index) => bytes - (start[index] ?? 0));
  const good = grown.filter((bytes) => bytes >= least).length;
  const total = grown.reduce((sum, bytes) => sum + bytes, 0);
  report.check(
    good === 12 && grown.length === 12,
    `WireGuard's counters: ${total} bytes more, at least ${least} on ${good} of ${grown.length} ways`,
  );
}
