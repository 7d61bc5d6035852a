import { expect } from "vitest";
import { Capture, type Lab, type LabNode, type Network, PingStream } from "../../lab/index.ts";

/** Pings and answers of both families. */
const pings =
  "icmp[icmptype] == icmp-echo or icmp[icmptype] == icmp-echoreply or icmp6[0] == 128 or icmp6[0] == 129";
const everySeconds = 0.01;

/**
 * The pings, and answers to pings, that crossed a network in clear while `act` ran, with pings from each node to each
 * of its targets all the time. The tunnels have to have carried some. With `senders`, a filter of tcpdump, only theirs. With
 * `isAnswered: false` it does not matter whether the targets answer in the beginning.
 */
export async function clearDuring(
  lab: Lab,
  network: Network,
  targets: readonly (readonly [from: LabNode, target: string])[],
  act: (streams: readonly PingStream[]) => Promise<unknown>,
  { senders = "", isAnswered = true }: { readonly senders?: string; readonly isAnswered?: boolean } = {},
): Promise<string[]> {
  const capture = await Capture.start(lab, network);
  const streams: PingStream[] = [];
  for (const [from, target] of targets)
    streams.push(
      isAnswered
        ? await PingStream.start(from, target, everySeconds)
        : PingStream.startUnanswered(from, target, everySeconds),
    );
  const [acted] = await Promise.allSettled([act(streams)]);
  for (const stream of streams) await stream.stop();
  await capture.stop();
  const clear = await capture.lines(senders === "" ? pings : `(${pings}) and (${senders})`);
  if (clear.length > 0) return clear; // whatever else went wrong, this is what counts
  if (acted.status === "rejected") throw acted.reason;
  expect((await capture.lines("udp port 51820")).length).toBeGreaterThan(20);
  return [];
}
