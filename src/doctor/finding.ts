/**
 * The severity of a finding:
 * - `ok`: nothing has to be done
 * - `note`: the mesh works, but something may surprise
 * - `warning`: something that the mesh needs will be slow, or fail in some cases
 * - `error`: the daemon does not start, or the mesh does not work
 */
export type Severity = "ok" | "note" | "warning" | "error";

/** The remedy, for now and in a form that survives a reboot. */
export interface Fix {
  /** The commands to be run as root. */
  readonly commands?: readonly string[];
  /** The lines to be added to a file. */
  readonly file?: { readonly path: string; readonly lines: readonly string[] };
  /** The advice where no command on this machine can help. */
  readonly advice?: string;
}

export interface Finding {
  /** A stable name for programs: `tool.nft`, `sysctl.ip_forward`. */
  readonly id: string;
  readonly severity: Severity;
  readonly text: string;
  /** The observation on which the finding rests. */
  readonly evidence: string;
  readonly fix?: Fix;
}

const order: readonly Severity[] = ["ok", "note", "warning", "error"];

export const worst = (findings: readonly Finding[]): Severity =>
  order.findLast((severity) => findings.some((finding) => finding.severity === severity)) ?? "ok";

/** The findings with the worst first, and in their original order within one severity. */
export const bySeverity = (findings: readonly Finding[]): Finding[] =>
  findings.toSorted((left, right) => order.indexOf(right.severity) - order.indexOf(left.severity));

/** The id of the finding about the user who runs doctor. */
export const rootId = "privilege.root";

/** The exit code of `kubespan doctor`. Who is not root sees too little for a verdict about the node, and is told so. */
export function exitCodeOf(findings: readonly Finding[]): number {
  const severity = worst(findings);
  if (findings.some((finding) => finding.id === rootId && finding.severity === "error")) return 5;
  return severity === "error" ? 11 : severity === "warning" ? 10 : 0;
}

/** A finding about a fact that could not be had. It is a note, since it proves nothing. */
export const unknownFinding = (id: string, what: string, reason: string): Finding => ({
  id,
  severity: "note",
  text: `${what} could not be looked at`,
  evidence: reason,
});

export const modulesFile = "/etc/modules-load.d/kubespan.conf";
const sysctlFile = "/etc/sysctl.d/90-kubespan.conf";

export const loadModule = (name: string): Fix => ({
  commands: [`modprobe ${name}`],
  file: { path: modulesFile, lines: [name] },
});

/** The remedy that sets a sysctl; its `key` has dots. */
export const setSysctl = (key: string, value: string): Fix => ({
  commands: [`sysctl -w ${key}=${value}`],
  file: { path: sysctlFile, lines: [`${key} = ${value}`] },
});
