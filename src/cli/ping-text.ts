import { type PeerReport, type WayToPeer, wayText, wayTo } from "../api/index.ts";
import { oneLine } from "./render.ts";

/** The outcome of one ping. */
export interface Pong {
  readonly peer: Pick<PeerReport, "label" | "address">;
  readonly way: WayToPeer;
  /** The round trip; absent if there was no answer. */
  readonly roundTripMs?: number;
  readonly bytes?: number;
}

/** Reads what ping printed for one packet. */
export function pongOf(output: string, peer: PeerReport): Pong {
  const [, bytes, time] = /(\d+) bytes from .* time=([\d.]+) ms/.exec(output) ?? [];
  const way = wayTo(peer);
  return bytes === undefined || time === undefined
    ? { peer, way }
    : { peer, way, roundTripMs: Number(time), bytes: Number(bytes) };
}

export function pongText(
  { peer: { label, address }, way, roundTripMs, bytes }: Pong,
  number: number,
): string {
  const over = wayText(way);
  const text =
    roundTripMs === undefined
      ? `no answer from ${label} (${address}), ping ${number}: ${over}`
      : `${bytes} bytes from ${label} (${address}), ping ${number}: ${roundTripMs} ms, ${over}`;
  return `${oneLine(text)}\n`;
}
