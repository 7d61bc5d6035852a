/** The kinds of failure. Each is one word that a script can match, and leads to an exit code. */
const exitCodes = {
  usage: 2, // the command line is wrong, or what it names is not there
  config: 3, // the configuration file is wrong
  state: 4, // a file the daemon keeps (identity, cache) is damaged or unreadable
  privilege: 5, // not root, or a capability is missing
  conflict: 6, // something else has what this program would have to change or take
  command: 7, // nft, ip or wg failed
  discovery: 8, // the discovery service refused or cannot be reached
  unavailable: 9, // no daemon answers
} as const;

export type ErrorCode = keyof typeof exitCodes;

export const errorCodes = Object.keys(exitCodes) as ErrorCode[];

/**
 * The only error that this project throws on purpose. `message` tells the operator what happened, and `hint` what to
 * do; neither ever holds a secret. Errors of libraries and tools are turned into this one where they enter.
 */
export class KubespanError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = "KubespanError";
    this.code = code;
    this.hint = options.hint;
  }

  get exitCode(): number {
    return exitCodes[this.code];
  }
}

/** Anything that was thrown, as one line for a log or a terminal. */
export function errorText(thrown: unknown): string {
  if (thrown instanceof KubespanError && thrown.hint !== undefined)
    return `${thrown.message} (${thrown.hint})`;
  return messageText(thrown);
}

/** The message of anything that was thrown, without a hint. */
export const messageText = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown);

/** The packages of Debian and Ubuntu that hold the tools. */
const packageOf: Readonly<Record<string, string>> = {
  ip: "iproute2",
  nft: "nftables",
  ping: "iputils-ping",
  sysctl: "procps",
  tc: "iproute2",
  wg: "wireguard-tools",
  setpriv: "util-linux",
};

export const notInstalled = (program: string): KubespanError =>
  new KubespanError("command", `${program} is not installed`, {
    hint: `install the package ${packageOf[program] ?? program}`,
  });

export function cannotListen(where: string, cause: Error & { readonly code?: string }): KubespanError {
  const { reason, hint } = listenFailures[cause.code ?? ""] ?? {
    reason: cause.message,
    hint: "does something else use the port, and is the address one of this machine's?",
  };
  return new KubespanError("conflict", `cannot listen on ${where}: ${reason}`, { hint, cause });
}

const listenFailures: Readonly<Record<string, { readonly reason: string; readonly hint: string }>> = {
  EADDRINUSE: {
    reason: "something else uses this port",
    hint: "'ss -lntup' shows what; end it, or take another port",
  },
  EADDRNOTAVAIL: { reason: "this machine has no such address", hint: "'ip address' shows those that it has" },
  EACCES: { reason: "this user may not", hint: "take a port from 1024 on, or run it as root" },
};
