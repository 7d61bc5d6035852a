import { errorText, KubespanError } from "../../../base/index.ts";
import { printable } from "../../text.ts";

/** What the status codes of the Kubernetes API mean to an operator. */
const meanings: Readonly<Record<number, readonly [text: string, hint: string]>> = {
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

/** The HTTP status that the API answered with; `undefined` if it was another failure. */
export function statusOf(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error)) return undefined;
  if ("code" in thrown && typeof thrown.code === "number") return thrown.code; // of a request
  return "statusCode" in thrown && typeof thrown.statusCode === "number" ? thrown.statusCode : undefined; // of a watch
}

/** Whatever a request threw, as a sentence. What client-node says in full may hold headers: that is not shown. */
export function apiError(thrown: unknown, location: string): KubespanError {
  if (thrown instanceof KubespanError) return thrown;
  const status = statusOf(thrown);
  const [text, hint] =
    status === undefined
      ? [
          `cannot be reached: ${reasonOf(thrown)}`,
          "check that it runs and that this node may connect to it; it is tried again",
        ]
      : (meanings[status] ?? [
          `answered with status ${status}`,
          "see the log of the API server; it is tried again",
        ]);
  return new KubespanError("discovery", `the Kubernetes API ${location} ${text}`, { hint, cause: thrown });
}

/** undici says "fetch failed" and keeps why in the cause. */
function reasonOf(thrown: unknown): string {
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  return printable(errorText(cause)) || "the connection failed";
}
