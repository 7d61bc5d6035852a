import type { PeerReport, Status } from "../api/index.ts";
import { age } from "../base/index.ts";
import { errorOf } from "../discovery/index.ts";
import type { LeftOut } from "../net/index.ts";
import type { NatKind } from "../self/index.ts";
import { causeText } from "./cause-text.ts";
import { bytes, columns, cut, factsText, fittingTable, oneLine, table, wrapped } from "./render.ts";

interface View {
  /** Shows what is usual, too, and all columns, however wide that is. */
  readonly all?: boolean;
}

/** What `kubespan status` prints on a terminal. What asks for an operator stands before what does not. */
export function statusText(status: Status, { all = false }: View = {}): string {
  const sections = [
    nodeText(status),
    warningsText(status),
    registriesText(status),
    peersText(status, all),
    changesText(status.peers),
    pathMtusText(status.peers),
    leftOutText(status, all),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function nodeText({ node, work, repairs, dropped, masqueraded }: Status): string {
  const lines: [string, string][] = [
    ["node", `${node.hostname} (${node.nodeId})`],
    ["cluster", node.clusterId],
    ["address", node.address],
    ["public key", node.publicKey],
    ["link", `${node.interfaceName}, ${engineText(node)}, port ${node.listenPort}, MTU ${node.mtu}`],
    ["announced", node.announcedEndpoints.join(", ") || "no endpoint"],
    ["networks", node.advertisedPrefixes.join(", ") || "none"],
  ];
  if (work.state !== "disabled") lines.push(["kept in", protectionText(node.protection)]);
  const nats = Object.entries(node.nat).flatMap(([family, kind]) => natText(family, kind));
  if (nats.length > 0) lines.push(["NAT", nats.join("; ")]);
  const mapped = mappedText(node.portMapping);
  if (mapped !== "") lines.push(["mapped", mapped]);
  const repaired = Object.entries(repairs).filter(([, count]) => count > 0);
  if (repaired.length > 0) lines.push(["put back", repaired.map((each) => each.join(" ")).join(", ")]);
  const kept = droppedText(dropped);
  if (kept !== "") lines.push(["dropped", kept]);
  if (masqueraded > 0) lines.push(["translated", translatedText(masqueraded)]);
  if (node.relay.pairs > 0) lines.push(["relays", relaysText(node.relay)]);
  if (work.state === "disabled") lines.push(["mesh", "disabled in the configuration"]);
  else if (work.state !== "working")
    lines.push(["problem", `${work.state} for ${age(work.seconds)}: ${work.why}`]);
  return factsText(lines);
}

const relaysText = ({ pairs, bytes: passed }: Status["node"]["relay"]): string =>
  `${pairs} ${pairs === 1 ? "pair" : "pairs"} of other nodes, ${bytes(passed)} passed on`;

const tableTexts = {
  owned: "an nft table that only this daemon changes",
  shared: "an nft table, put back if others change it",
} as const;
const linksTexts = {
  whole: "programs at the links",
  missing: "nothing at the links",
  off: "nothing at the links",
} as const;

const protectionText = ({ table: at, links }: Status["node"]["protection"]): string =>
  `${tableTexts[at]}; ${linksTexts[links]}`;

const engineText = ({ engine, implementation }: Status["node"]): string =>
  engine ? `${engine.name}${engine.isSlow ? " (slow: see kubespan doctor)" : ""}` : implementation;

const mappedText = (mapping: Status["node"]["portMapping"]): string =>
  mapping.state === "held"
    ? `${mapping.external} by ${mapping.gateway} (${mapping.protocol}), for ${age(mapping.expiresInSeconds)}`
    : "";

const natText = (family: string, kind: NatKind): string[] => {
  const text = {
    none: undefined,
    unknown: undefined,
    "port-keeping": "keeps the port",
    symmetric: "has another port for each destination",
  }[kind];
  return text === undefined ? [] : [`${{ ipv4: "IPv4", ipv6: "IPv6" }[family] ?? family} ${text}`];
};

const translatedText = (connections: number): string =>
  `${connections} connections into the mesh, from sources that no peer accepts, to an address of this node`;

const droppedText = ({ outside, tunnel, entering, leaving, unaccepted }: Status["dropped"]): string =>
  [
    [outside, "that came in outside the mesh"],
    [tunnel, "out of the tunnel to networks that are not this node's"],
    [entering, "into the mesh with a source of this node from elsewhere"],
    [leaving, "for the mesh that would have left another way"],
    [unaccepted, "into the mesh with a source that no peer accepts, and for which there is no other"],
  ]
    .flatMap(([packets, what]) => (packets === 0 ? [] : [`${packets} ${what}`]))
    .join(", ");

/** What is refused as a whole, and what is in conflict with the mesh. */
function warningsText({ registries, refusedAffiliates, warnings }: Status): string {
  const refused = registries.flatMap((registry) =>
    registry.refused
      .filter(({ partly }) => !partly)
      .map(({ nodeId, reason }) => [registry.name, `affiliate ${nodeId} is refused: ${reason}`]),
  );
  const rows = [
    ...refused,
    ...refusedAffiliates.map(({ label, nodeId, reason }) => [label, `node ${nodeId} is refused: ${reason}`]),
    ...warnings.map(({ who, what }) => [who, what]),
  ];
  return rows.length === 0 ? "" : fittingTable(["WARNING", "WHAT"], rows);
}

/** The registries, and below them what is wrong: an error in a table makes that as wide as the error is long. */
function registriesText({ registries }: Status): string {
  const shown = fittingTable(
    ["REGISTRY", "STATE", "AFFILIATES", "OBSERVED ADDRESS", "LOCATION"],
    registries.map((each) => [
      each.name,
      each.phase === "cached" ? `${each.phase} ${age(each.ageSeconds)} ago` : each.phase,
      String(each.affiliates),
      each.reflected ?? "-",
      each.location,
    ]),
  );
  const problems = registries.flatMap((registry) => {
    const { disowned } = registry;
    const problem = errorOf(registry) ?? (disowned && `${disowned.what} (${disowned.times} times)`);
    return problem === undefined ? [] : sentence(registry.name, problem);
  });
  return [shown, ...problems].join("\n");
}

const sentence = (name: string, text: string): string[] => wrapped(oneLine(`${name}: ${text}`), columns);

/** The order of peers: those in trouble first. */
const ranks = ["down", "suspected", "unknown", "up"];
const stateText = ({ suspected, state }: PeerReport): string => (suspected ? "suspected" : state);
const rankOf = (peer: PeerReport): number => ranks.indexOf(stateText(peer));

const longestName = 20;
/** The peers of which the table is followed by what is wrong with them. */
const mostExplained = 10;

function peersText({ peers, registries }: Status, all: boolean): string {
  if (peers.length === 0) return nobodyText(registries);
  const sorted = peers.toSorted(
    (left, right) => rankOf(left) - rankOf(right) || left.label.localeCompare(right.label, "en"),
  );
  const troubles = sorted.flatMap((peer) => {
    const text = troubleText(peer);
    return text === "" ? [] : [[peer.label, text] as const];
  });
  const explained = all ? troubles : troubles.slice(0, mostExplained);
  const more = troubles.length - explained.length;
  return [
    countText(peers),
    all ? wideTable(sorted) : narrowTable(sorted),
    ...explained.flatMap(([label, trouble]) => sentence(label, trouble)),
    ...(more > 0 ? [`and ${more} more peers that are down: status --all`] : []),
  ].join("\n");
}

/** What is missing of a peer, and the most certain cause of it with its cure. */
function troubleText({ trouble, causes: [cause] = [] }: PeerReport): string {
  return [trouble, cause && causeText(cause)].filter((each) => each !== undefined).join("; ");
}

function nobodyText(registries: Status["registries"]): string {
  const isAlone = registries.some(({ phase, affiliates }) => phase === "connected" && affiliates === 0);
  return isAlone
    ? "no peers yet: no registry that answers knows another node of this cluster id\n" +
        "(if there are some, compare clusterID and the registries with theirs)"
    : "no peers yet";
}

function countText(peers: readonly PeerReport[]): string {
  const count = (state: string): number => peers.filter((peer) => stateText(peer) === state).length;
  const suspected = count("suspected");
  const up = `${count("up") + suspected} of ${peers.length} peers up`;
  return suspected === 0 ? up : `${up}, ${suspected} of them suspected`;
}

/** Says where WireGuard sends; if somebody else passes the packets on, who that is. */
function endpointText({ endpoint, way }: PeerReport): string {
  if (!way || !("via" in way))
    return way && way.kind !== "direct" ? `${endpoint}, ${way.kind}` : (endpoint ?? "-");
  return way.kind === "carried" ? "via service" : `via ${cut(way.via, longestName)}`;
}

const ago = (seconds: number | undefined): string => (seconds === undefined ? "never" : age(seconds));

const narrowTable = (peers: readonly PeerReport[]): string =>
  fittingTable(
    ["PEER", "STATE", "SEEN", "RX", "TX", "ENDPOINT"],
    peers.map((peer) => [
      cut(peer.label, longestName),
      peer.state === "down" ? `down ${age(peer.stateSeconds)}` : stateText(peer),
      ago(peer.heardAgeSeconds),
      bytes(peer.receivedBytes),
      bytes(peer.sentBytes),
      endpointText(peer),
    ]),
  );

const wideTable = (peers: readonly PeerReport[]): string =>
  table(
    ["PEER", "STATE", "ENDPOINT", "SEEN", "HANDSHAKE", "RX", "TX", "CANDIDATES", "ADDRESS", "TYPE", "SYSTEM"],
    peers.map((peer) => [
      peer.label,
      `${stateText(peer)} ${age(peer.stateSeconds)}`,
      endpointText(peer),
      ago(peer.heardAgeSeconds),
      ago(peer.handshakeAgeSeconds),
      bytes(peer.receivedBytes),
      bytes(peer.sentBytes),
      String(peer.candidates.length),
      peer.address,
      peer.machine?.machineType ?? "-",
      peer.machine?.operatingSystem || "-",
    ]),
  );

/** The peers whose endpoint has changed. */
function changesText(peers: readonly PeerReport[]): string {
  const rows = peers.flatMap(({ label, endpointChanges, lastEndpointChange: last }) =>
    last
      ? [
          [
            cut(label, longestName),
            `${age(last.ageSeconds)} ago`,
            String(endpointChanges),
            `from ${last.from} to ${last.to}: ${last.reason}`,
          ],
        ]
      : [],
  );
  return rows.length === 0 ? "" : fittingTable(["MOVED", "LAST", "TIMES", "HOW"], rows);
}

/** The peers to which only packets below the link's MTU pass. */
function pathMtusText(peers: readonly PeerReport[]): string {
  const rows = peers.flatMap(({ label, pathMtu }) =>
    pathMtu?.isSmaller
      ? [
          [
            cut(label, longestName),
            String(pathMtu.mtu ?? "-"),
            `${age(pathMtu.seconds)} ago`,
            `measured as ${pathMtu.why}`,
          ],
        ]
      : [],
  );
  return rows.length === 0 ? "" : fittingTable(["SMALLER MTU", "BYTES", "FOUND", "WHY"], rows);
}

/** What of a node that takes part is not used. What is usual, or of no matter as the peer is up, is counted only. */
function leftOutText({ node, registries, peers }: Status, all: boolean): string {
  const items = [
    ...named("this node", node.leftOut, ({ isUsual }) => isUsual === true),
    ...registries.flatMap(({ name, refused }) =>
      refused
        .filter(({ partly }) => partly)
        .map(({ nodeId, reason }) => ({ row: [name, `affiliate ${nodeId}`, reason], isQuiet: false })),
    ),
    ...peers.flatMap((peer) => [
      ...named(peer.label, peer.refusedPrefixes, () => false),
      ...named(peer.label, peer.refusedCandidates, () => peer.state === "up"),
    ]),
  ];
  const shown = items.filter(({ isQuiet }) => all || !isQuiet).map(({ row }) => row);
  const quiet = items.length - shown.length;
  const head = ["LEFT OUT", "WHAT", "WHY"];
  return [
    ...(shown.length === 0 ? [] : [all ? table(head, shown) : fittingTable(head, shown)]),
    ...(quiet === 0 ? [] : [`${quiet} more left out, as is usual: status --all`]),
  ].join("\n");
}

const named = (
  name: string,
  items: readonly LeftOut[],
  isQuiet: (item: LeftOut) => boolean,
): { readonly row: string[]; readonly isQuiet: boolean }[] =>
  items.map((item) => ({ row: [name, item.value, item.reason], isQuiet: isQuiet(item) }));
