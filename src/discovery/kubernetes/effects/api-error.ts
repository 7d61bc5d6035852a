import { errorText, KubespanError } from "../../../base/index.ts";
import { proxyHint } from "../../effects/index.ts";
import { printable } from "../../text.ts";
import { retryAfterMs } from "../waits.ts";

/** The meaning of the Kubernetes API's status codes for an operator. */
const meanings: Readonly<Record<number, Meaning>> = {
  401: [
    "does not know who we are",
    "is the token or certificate still valid? It is read again and tried again",
  ],
  403: [
    "does not allow it",
    "apply deploy/kubernetes/rbac.yaml: the daemon needs get, list, watch and patch on nodes",
  ],
  404: ["has no such Node", "is node.name in KubeSpanDaemonConfig the name of this node in Kubernetes?"],
  429: ["has too much to do", "it is tried again"],
};

/**
 * The HTTP status of the API's answer; `undefined` for any other failure. Errors of all kinds have a number called `code`,
 * an aborted request's for example. Only an error with the headers of an answer has a status there.
 */
export function statusOf(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error)) return undefined;
  if ("code" in thrown && typeof thrown.code === "number" && "headers" in thrown) return thrown.code; // from a request
  return "statusCode" in thrown && typeof thrown.statusCode === "number" ? thrown.statusCode : undefined; // from a watch
}

/** The milliseconds for which the API's answer asks to wait, if it does. A failed watch does not tell its headers. */
export function retryAfterOf(thrown: unknown): number | undefined {
  if (statusOf(thrown) === undefined) return undefined;
  const { headers } = thrown as { readonly headers?: Readonly<Record<string, string | undefined>> };
  return retryAfterMs(headers?.["retry-after"], Date.now());
}

/**
 * Makes a sentence of anything that a request threw. The full message of client-node may hold headers, and is not
 * shown. `proxy` names the proxy through which the API is reached, if there is one.
 */
export function apiError(thrown: unknown, location: string, proxy?: string): KubespanError {
  if (thrown instanceof KubespanError) return thrown;
  const status = statusOf(thrown);
  const [text, hint] = status === undefined ? unanswered(thrown, proxy) : meaningOf(status);
  return new KubespanError("discovery", `the Kubernetes API ${location} ${text}`, { hint, cause: thrown });
}

type Meaning = readonly [text: string, hint: string];

const meaningOf = (status: number): Meaning =>
  meanings[status] ?? [`answered with status ${status}`, "see the log of the API server; it is tried again"];

/** The names of the errors with which a request ends that was given up because its time was over. */
const late = ["TimeoutError", "AbortError"];

/** Whether a request failed because no answer came in time. */
export const isLate = (thrown: unknown): boolean => thrown instanceof Error && late.includes(thrown.name);

/** The meaning of a failure that is no answer. */
function unanswered(thrown: unknown, proxy: string | undefined): Meaning {
  const way = proxy === undefined ? "" : ` through the proxy ${proxy}`;
  const text = isLate(thrown)
    ? `did not answer in time${way}`
    : `cannot be reached${way}: ${reasonOf(thrown)}`;
  const hint = "check that it runs and that this node may connect to it; it is tried again";
  return [text, proxy === undefined ? hint : proxyHint];
}

const deepest = 4;

/**
 * The reason of a failure. undici only says "fetch failed" and keeps the reason in the cause, or with a proxy in the
 * cause of the cause.
 */
function reasonOf(thrown: unknown): string {
  let cause = thrown;
  for (let depth = 0; depth < deepest; depth++)
    if (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
  return printable(errorText(cause)) || "the connection failed";
}
