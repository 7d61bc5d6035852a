import type { ConnectivityLine } from "../api/index.ts";
import { type Address, familyOf } from "../net/index.ts";
import { columns, oneLine, wrapped } from "./render.ts";

type OfPeer = Extract<ConnectivityLine, { peer: unknown }>;

/** What one test of the way to a peer has shown. */
export interface Verdict {
  readonly peer: string;
  readonly test: "nodes" | "pods";
  readonly result: "ok" | "fail" | "skip";
  readonly text: string;
}

/** An address of this node in its pod network, and one of a peer in its own, of the same family. */
export interface PodPair {
  readonly from: Address;
  readonly to: Address;
  /** The bytes of the headers of IP and ICMP. */
  readonly headerBytes: number;
}

/** The loss in percent from which on a way is of no use. */
const muchLoss = 50;

/** Judges the way from node to node. */
export function nodeVerdict(line: OfPeer, linkMtu: number): Verdict {
  const { peer, problem, answers, way, via, roundTripMs, lossPercent = 0, mtu, routeMtu } = line;
  const verdict = (result: Verdict["result"], text: string): Verdict => ({
    peer: peer.label,
    test: "nodes",
    result,
    text,
  });
  if (problem !== undefined) return verdict("fail", problem);
  if (roundTripMs === undefined)
    return answers
      ? verdict("fail", "no packet comes back")
      : verdict("skip", "it does not answer: its version is older, or it has matrix: false");
  const over = via === undefined ? way : `via ${via}`;
  if (mtu !== linkMtu && routeMtu === undefined) {
    const most = mtu === undefined ? "no large packets pass" : `no packets above ${mtu} bytes pass`;
    return verdict(
      "fail",
      `${most}, and the link's MTU is ${linkMtu}: lower mtu, or mend the path (${over})`,
    );
  }
  const text = `${routeMtu ?? linkMtu} bytes there and back${routeMtu === undefined ? "" : ", as routes to it have it"}, ${roundTripMs} ms, ${over}`;
  if (lossPercent === 0) return verdict("ok", text);
  return verdict(lossPercent < muchLoss ? "ok" : "fail", `${text}, ${lossPercent}% lost`);
}

/** The pairs of addresses between which pod networks are tested: one of each family. */
export const podPairs = (own: readonly Address[], others: readonly Address[]): readonly PodPair[] =>
  ([4, 6] as const).flatMap((family) => {
    const [from, to] = [own, others].map((all) => all.find((each) => familyOf(each) === family));
    return from === undefined || to === undefined ? [] : { from, to, headerBytes: family === 4 ? 28 : 48 };
  });

/** Says why no pod networks were tested with a peer. */
export function untestedPods({ peer, answers }: OfPeer, own: readonly Address[]): Verdict {
  const text =
    own.length === 0
      ? "this node has no address of its own in a pod network that it announces"
      : answers
        ? "it has no address of its own in a pod network that it announces, of a family that this node has"
        : "it does not tell its addresses in pod networks";
  return { peer: peer.label, test: "pods", result: "skip", text };
}

/** Judges the way from pod network to pod network. */
export function podVerdict(
  { peer }: OfPeer,
  { from, to }: PodPair,
  { isFull, isSmall }: { readonly isFull: boolean; readonly isSmall: boolean },
  mtu: number,
): Verdict {
  const between = `${from} to ${to}`;
  const text = isFull
    ? `${between}: ${mtu} bytes there and back`
    : isSmall
      ? `${between}: small packets pass, and such of ${mtu} bytes do not`
      : `${between}: nothing comes back; kubespan why ${to} tells where packets go`;
  return { peer: peer.label, test: "pods", result: isFull ? "ok" : "fail", text };
}

const names = { nodes: "node to node", pods: "pods" } as const;

/** One verdict on a terminal. */
export function verdictText({ peer, test, result, text }: Verdict): string {
  const sign = result === "fail" ? "FAIL" : result;
  const [first = "", ...rest] = wrapped(oneLine(`${peer}, ${names[test]}: ${text}`), columns - 6);
  return [`${sign.padEnd(6)}${first}`, ...rest.map((line) => `      ${line}`), ""].join("\n");
}
