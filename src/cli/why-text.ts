import type { Why } from "../api/index.ts";
import { columns, fittingTable, oneLine, wrapped } from "./render.ts";

/** What `kubespan why` prints on a terminal. */
export function whyText(why: Why): string {
  const { decided, taken, notes, differences } = why;
  const rows: readonly (readonly [string, string | number | undefined, string | number | undefined])[] = [
    ["set", setText(why), taken.sets.join(", ") || undefined],
    ["mark", decided.mark, taken.mark],
    ["rule", decided.rule, undefined],
    ["table", decided.table, taken.table],
    ["link", decided.link, taken.refused ?? taken.link],
    ["gateway", undefined, taken.gateway],
    ["source", undefined, taken.source],
  ];
  const shown = rows.flatMap(([name, left, right]) =>
    left === undefined && right === undefined
      ? []
      : [[name, left === undefined ? "-" : String(left), right === undefined ? "-" : String(right)]],
  );
  const said = [
    ...differences.map((each) => `differs: ${each}`),
    ...(differences.length === 0 ? ["the kernel does what was decided"] : []),
    ...notes.map((each) => `note: ${each}`),
  ];
  return [
    ...wrapped(oneLine(`${why.address}: ${subjectText(why)}`), columns),
    fittingTable(["WHAT", "DECIDED", "KERNEL"], shown),
    ...said.flatMap((each) => wrapped(oneLine(each), columns)),
    "",
  ].join("\n");
}

const setText = ({ decided: { set, element } }: Why): string | undefined =>
  set === undefined ? undefined : `${set} (${element ?? "?"})`;

function subjectText({ subject, peer, decided }: Why): string {
  if (subject === "this node") return "an address of this node; packets stay here";
  if (subject === "outside") return "not in the mesh; packets leave as they always did";
  const what = subject === "target" ? `in the mesh` : "a mesh address";
  if (!peer) return `${what}, of no peer`;
  const by = peer.via === undefined ? "" : `, via ${peer.via}`;
  const at = peer.endpoint === undefined ? "" : ` at ${peer.endpoint}${by}`;
  const trouble = peer.trouble === undefined ? "" : `: ${peer.trouble}`;
  return `${what}; packets go by ${decided.link} to ${peer.label}${at}, which is ${peer.state}${trouble} (its network ${peer.allowedIP})`;
}
