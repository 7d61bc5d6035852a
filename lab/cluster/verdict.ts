import type { ClusterWay, Route } from "./ways.ts";

/** The traces that a way has left while it was asked. */
export interface Traces {
  readonly exitCode: number;
  /** The output of who asked. */
  readonly output: string;
  /** Packets of nodes and pods between the machines that were not WireGuard's, one line each. */
  readonly inClear: readonly string[];
  /** Whether the way's own payload was seen between the machines. */
  readonly isPayloadInClear: boolean;
  /** Whether the way's own payload was seen in a tunnel of the mesh. */
  readonly isPayloadInMesh: boolean;
}

export interface Verdict {
  readonly name: string;
  readonly expected: Route;
  readonly seen: Route;
  readonly isAnswered: boolean;
  /** The answer, or what went wrong, on one line. */
  readonly detail: string;
  /** Whether all is as expected, which an answer is only where packets are not expected to be in clear. */
  readonly isGood: boolean;
}

export function judge(way: ClusterWay, traces: Traces): Verdict {
  const seen = routeOf(traces);
  const isAnswered = traces.exitCode === 0 && isFrom(way, traces.output);
  const lines = traces.output.trim().split("\n");
  const line = (way.question === "ping" ? lines.at(-1) : lines[0]) ?? "";
  const detail = seen === "in clear" ? `${line} | ${traces.inClear[0] ?? "payload"}` : line;
  const isGood = seen === way.expected && (isAnswered || way.expected === "in clear");
  return { name: way.name, expected: way.expected, seen, isAnswered, detail: detail.slice(0, 200), isGood };
}

function routeOf({ inClear, isPayloadInClear, isPayloadInMesh }: Traces): Route {
  if (isPayloadInClear || inClear.length > 0) return "in clear";
  return isPayloadInMesh ? "through the mesh" : "stays on the node";
}

/** Whether the answer is by who was asked. Programs that ask say nothing but the answer, which begins with a name. */
const isFrom = ({ answer }: ClusterWay, output: string): boolean =>
  answer === undefined || output.split(" ")[0] === answer;
