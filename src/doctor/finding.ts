/**
 * - `ok`: looked at, nothing to do
 * - `note`: works, and may surprise
 * - `warning`: something that a mesh on this node needs will be slow, or fail in some cases
 * - `error`: the daemon does not start, or the mesh does not work
 */
export type Severity = "ok" | "note" | "warning" | "error";

/** How to put it right: now, and in a form that outlives a reboot. */
export interface Fix {
  /** To be typed by root. */
  readonly commands?: readonly string[];
  /** Lines that belong into a file. */
  readonly file?: { readonly path: string; readonly lines: readonly string[] };
  /** What no command of this machine can do. */
  readonly advice?: string;
}

export interface Finding {
  /** Stable, for programs: `tool.nft`, `sysctl.ip_forward`. */
  readonly id: string;
  readonly severity: Severity;
  readonly text: string;
  /** What was seen. */
  readonly evidence: string;
  readonly fix?: Fix;
}

const order: readonly Severity[] = ["ok", "note", "warning", "error"];

export const worst = (findings: readonly Finding[]): Severity =>
  order.findLast((severity) => findings.some((finding) => finding.severity === severity)) ?? "ok";

/** Worst first; as looked at within one severity. */
export const bySeverity = (findings: readonly Finding[]): Finding[] =>
  findings.toSorted((left, right) => order.indexOf(right.severity) - order.indexOf(left.severity));

/** Of `kubespan doctor`. */
export const exitCodeOf = (severity: Severity): number =>
  severity === "error" ? 11 : severity === "warning" ? 10 : 0;

/** A fact that could not be had is no proof of anything. */
export const unknownFinding = (id: string, what: string, reason: string): Finding => ({
  id,
  severity: "note",
  text: `${what} could not be looked at`,
  evidence: reason,
});

const modulesFile = "/etc/modules-load.d/kubespan.conf";
const sysctlFile = "/etc/sysctl.d/90-kubespan.conf";

export const loadModule = (name: string): Fix => ({
  commands: [`modprobe ${name}`],
  file: { path: modulesFile, lines: [name] },
});

/** `key` with dots. */
export const setSysctl = (key: string, value: string): Fix => ({
  commands: [`sysctl -w ${key}=${value}`],
  file: { path: sysctlFile, lines: [`${key} = ${value}`] },
});
