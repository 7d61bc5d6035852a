import { addressOf, type Family, type NodeName, nodeNames, type Variant } from "./plan.ts";
import type { Pod } from "./pods.ts";
import { services } from "./workload.ts";

/** The place where the packets of a way go between the machines. */
export type Route = "through the mesh" | "stays on the node" | "in clear";

type Question = "ping" | "tcp" | "udp" | "get" | "put" | "tls";

/** A way between two places of a cluster, with what is asked there. */
export interface ClusterWay {
  readonly name: string;
  /** A node, the pod of the DaemonSet on a node, or the client outside. */
  readonly from: NodeName | Pod | "client";
  readonly question: Question;
  readonly target: string;
  /** The number of bytes to send or to fetch. */
  readonly size?: number;
  /** The host name of who must answer, where one is told. */
  readonly answer?: string;
  readonly expected: Route;
}

/** The pods that are asked: of the DaemonSet, by node, and the one that alone answers some Services. */
export interface Asked {
  readonly of: Readonly<Record<NodeName, Pod>>;
  readonly only: Pod;
}

const large = 1_500_000;
export const hostPorts = { tcp: 18080, udp: 18053 } as const;

/**
 * All ways of a cluster in one family: 45 in IPv4, and without that to the API's Service, which has one family, 44 in IPv6. Where no tunnel of the CNI carries what pods send and nobody advertises their networks, the mesh
 * does not know them, and they are in clear.
 */
export function waysOf(
  { of, only }: Asked,
  { backend, cni, advertised }: Variant,
  family: Family = 4,
): ClusterWay[] {
  const address = addressOf(family);
  const at = (host: string, port: number): string => (family === 4 ? `${host}:${port}` : `[${host}]:${port}`);
  const isKnown = cni !== "flannel" || backend === "vxlan" || advertised;
  const toPods: Route = isKnown ? "through the mesh" : "in clear";
  const mesh: Route = "through the mesh";
  const { n1, n2, n3 } = of;
  const pairs: readonly (readonly [Pod, Pod])[] = nodeNames.flatMap((a) =>
    nodeNames.filter((b) => b !== a).map((b) => [of[a], of[b]] as const),
  );
  const pod = (from: ClusterWay["from"], to: Pod, question: Question, size?: number): ClusterWay => ({
    name: `${title(from)} ${arrow(question)} ${title(to)} ${asked(question, size)}`,
    from,
    question,
    target:
      question === "ping"
        ? podAddress(to, family)
        : at(podAddress(to, family), question === "udp" ? 8053 : 8080),
    ...(size !== undefined && { size }),
    ...(question === "tcp" && { answer: to.name }),
    expected: toPods,
  });
  const host = (
    from: ClusterWay["from"],
    to: NodeName,
    question: "tcp" | "get",
    size?: number,
  ): ClusterWay => ({
    name: `${title(from)} ${arrow(question)} ${to} ${asked(question, size)}`,
    from,
    question,
    target: at(address[to], hostPorts.tcp),
    ...(size !== undefined && { size }),
    ...(question === "tcp" && { answer: to }),
    expected: mesh,
  });
  const service = (
    from: ClusterWay["from"],
    what: string,
    target: string,
    question: Question,
    expected: Route,
    more: { size?: number; answer?: string } = { answer: only.name },
  ): ClusterWay => ({
    name: `${title(from)} ${arrow(question)} ${what} ${asked(question, more.size)}`,
    from,
    question,
    target,
    ...more,
    expected,
  });
  const cluster = (from: ClusterWay["from"], question: Question, size?: number): ClusterWay =>
    service(
      from,
      "ClusterIP",
      at(services.only.clusterIPs[family], question === "udp" ? 53 : 80),
      question,
      toPods,
      size === undefined || question === "udp" ? { answer: only.name, ...(size && { size }) } : { size },
    );
  const anyNode = (from: ClusterWay["from"], node: NodeName, question: Question, size?: number): ClusterWay =>
    service(
      from,
      `NodePort of ${node}, Cluster,`,
      at(address[node], question === "udp" ? services.only.udp : services.only.tcp),
      question,
      toPods, // the node that is asked sends it on to the pod
      size === undefined || question === "udp" ? { answer: only.name, ...(size && { size }) } : { size },
    );
  const ways = [
    ...pairs.map(([a, b]) => pod(a, b, "ping")),
    ...pairs.map(([a, b]) => pod(a, b, "tcp")),
    ...[64, 1300, 4000].map((size) => pod(n2, n3, "udp", size)),
    pod(n2, n3, "get", large),
    pod(n2, n3, "put", large),
    pod(n1, n2, "get", large),
    pod(n3, n1, "put", large),
    pod("n2", n3, "tcp"),
    pod("n2", n3, "get", large),
    pod("n1", n2, "tcp"),
    host(n2, "n3", "tcp"),
    host(n2, "n1", "tcp"),
    host(n1, "n3", "tcp"),
    host("n2", "n3", "tcp"),
    host("n3", "n2", "get", large),
    cluster(n2, "tcp"),
    cluster(n1, "tcp"),
    cluster(n2, "udp", 200),
    cluster(n2, "get", large),
    cluster("n2", "tcp"),
    cluster("n1", "tcp"),
    cluster("n2", "udp", 200),
    cluster("n2", "get", large),
    anyNode(n2, "n1", "tcp"),
    anyNode("n2", "n1", "tcp"),
    anyNode("n3", "n2", "tcp"),
    anyNode("client", "n1", "tcp"),
    anyNode("client", "n1", "udp", 200),
    anyNode("client", "n1", "get", large),
    service(
      "client",
      "NodePort of n1, Local,",
      at(address.n1, services.local.tcp),
      "tcp",
      "stays on the node",
      {
        answer: n1.name,
      },
    ),
    service("n2", "NodePort of n3, Local,", at(address.n3, services.onlyLocal.tcp), "tcp", mesh),
    service(n1, "NodePort of n3, Local,", at(address.n3, services.onlyLocal.tcp), "tcp", mesh),
    ...(family === 4 ? [service(n2, "API Service", "10.96.0.1:443", "tls", mesh, {})] : []),
  ];
  return family === 4 ? ways : ways.map((way) => ({ ...way, name: `IPv6: ${way.name}` }));
}

function podAddress({ name, address, address6 }: Pod, family: Family): string {
  if (family === 4) return address;
  if (address6 === undefined) throw new Error(`the pod ${name} has no address in IPv6`);
  return address6;
}

const title = (place: ClusterWay["from"]): string =>
  typeof place === "string" ? place : place.name === "only" ? "only" : `pod ${place.node}`;

const arrow = (question: Question): string => (question === "get" ? "<-" : "->");

const asked = (question: Question, size?: number): string =>
  size === undefined
    ? question
    : `${question} ${size}${question === "udp" && size > 1400 ? ", fragments" : ""}`;
