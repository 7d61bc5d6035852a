import { Capture, type Lab, type LabNode, waitFor } from "../../lab/index.ts";
import { inClear, type Mesh, nodeAddress, podAddress } from "./mesh.ts";

export const encrypted = "through the mesh";
export const clear = "in clear";
export const local = "stays on the node";

/** WireGuard's packets of data, without those that only keep a tunnel alive (`type` 4, nothing inside). */
const tunnelled = "udp port 51820 and udp[8] = 4 and udp[4:2] > 40";

/** Does something that must work, and tells which way its packets took between the nodes. */
export async function wayOf(
  lab: Lab,
  mesh: Mesh,
  what: string,
  act: () => Promise<boolean>,
): Promise<string> {
  const capture = await Capture.start(lab, mesh.internet);
  try {
    await waitFor(act, { what });
  } finally {
    await capture.stop();
  }
  const between = `host ${nodeAddress.a} or host ${nodeAddress.b} or net 10.244.0.0/16`;
  const seen = await inClear(capture, `(${between}) and not host 203.0.113.50`);
  if (seen.length > 0) return clear;
  return (await capture.lines(tunnelled)).length > 0 ? encrypted : local;
}

export const pinged = ["pod to pod", "back", "node to pod", "pod to node", "node to node"] as const;

/** In the order of `pinged`. */
export async function pingedWays(lab: Lab, mesh: Mesh, network: string): Promise<string[]> {
  const { a, b, podA, podB } = mesh;
  const pairs: readonly (readonly [LabNode, string])[] = [
    [podA, podAddress.b],
    [podB, podAddress.a],
    [a, podAddress.b],
    [podB, nodeAddress.a],
    [b, nodeAddress.a],
  ];
  const found: string[] = [];
  for (const [index, [from, to]] of pairs.entries())
    found.push(await wayOf(lab, mesh, `${pinged[index]} with ${network}`, () => from.reaches(to)));
  return found;
}
