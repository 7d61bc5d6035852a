import { Capture, type Lab, type LabNode, waitFor } from "../../lab/index.ts";
import { type Addresses, podAddress } from "./addresses.ts";
import type { Mesh } from "./mesh.ts";

export const encrypted = "through the mesh";
export const clear = "in clear";
export const local = "stays on the node";

/** WireGuard's packets of data, without those that only keep a tunnel alive (`type` 4, nothing inside). */
const tunnelled =
  "udp port 51820 and ((ip and udp[8] = 4 and udp[4:2] > 40) or (ip6 and ip6[48] = 4 and ip6[44:2] > 40))";

/** Packets of nodes and pods, other than those of tunnels, of registries and of links among themselves. */
const inClear = ({ ip, node, allPods, client }: Addresses): string =>
  [
    `${ip} and (host ${node.a} or host ${node.b} or net ${allPods})`,
    `not host ${client}`,
    "not udp port 51820 and not tcp port 3000 and not tcp port 6443",
    "not (icmp6 and ip6[40] > 129)", // neighbours
  ].join(" and ");

/** Does something that must work, and tells which way its packets took between the nodes. */
export async function wayOf(
  lab: Lab,
  { internet }: Mesh,
  addresses: Addresses,
  what: string,
  act: () => Promise<boolean>,
): Promise<string> {
  const capture = await Capture.start(lab, internet);
  try {
    await waitFor(act, { what });
  } finally {
    await capture.stop();
  }
  if ((await capture.lines(inClear(addresses))).length > 0) return clear;
  return (await capture.lines(tunnelled)).length > 0 ? encrypted : local;
}

export const pinged = ["pod to pod", "back", "node to pod", "pod to node", "node to node"] as const;

/** In the order of `pinged`. */
export async function pingedWays(
  lab: Lab,
  mesh: Mesh,
  addresses: Addresses,
  network: string,
): Promise<string[]> {
  const { a, b, podA, podB } = mesh;
  const { node } = addresses;
  const pod = podAddress(addresses);
  const pairs: readonly (readonly [LabNode, string])[] = [
    [podA, pod.b],
    [podB, pod.a],
    [a, pod.b],
    [podB, node.a],
    [b, node.a],
  ];
  const found: string[] = [];
  for (const [index, [from, to]] of pairs.entries()) {
    const what = `${pinged[index]} (${to}) with ${network}`;
    found.push(await wayOf(lab, mesh, addresses, what, () => from.reaches(to)));
  }
  return found;
}
