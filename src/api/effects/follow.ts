import { type IncomingMessage, request } from "node:http";
import { createInterface } from "node:readline";
import { KubespanError, parseJson } from "../../base/index.ts";
import type { ConnectivityLine, MatrixLine } from "../matrix.ts";
import type { Definition, WatchLine } from "../resource.ts";
import { socketPath } from "../routes.ts";
import { failureOfAnswer, unavailable } from "./failure.ts";

/** A kind of resources, by a type or an alias. */
export interface KindAsked {
  readonly kind: string;
  readonly namespace?: string | undefined;
}

/** A kind that is being watched. */
export interface Followed {
  readonly definition: Definition;
  /** The lines until the daemon ends. */
  readonly lines: AsyncIterable<WatchLine>;
}

export const kindPath = ({ kind, namespace }: KindAsked, ...more: readonly string[]): string => {
  const query = [...(namespace === undefined ? [] : [`namespace=${encodeURIComponent(namespace)}`]), ...more];
  return `/v1/resources/${encodeURIComponent(kind)}${query.length > 0 ? `?${query.join("&")}` : ""}`;
};

/** Watches the resources of a kind. Throws `KubespanError("unavailable")` when no daemon answers. */
export async function followResources(runDirectory: string, kind: KindAsked): Promise<Followed> {
  const { first, lines } = await followLines(runDirectory, kindPath(kind, "watch"));
  const { definition } = first as { readonly definition: Definition };
  return { definition, lines: lines as AsyncIterable<WatchLine> };
}

/** Asks all members whom they reach; the lines come as the members answer. */
export async function* followMatrix(runDirectory: string): AsyncGenerator<MatrixLine> {
  const { first, lines } = await followLines(runDirectory, "/v1/matrix");
  yield first as MatrixLine;
  yield* lines as AsyncIterable<MatrixLine>;
}

/** Has the daemon measure the paths to all peers; the lines come as they are measured. */
export async function* followConnectivity(runDirectory: string): AsyncGenerator<ConnectivityLine> {
  const { first, lines } = await followLines(runDirectory, "/v1/connectivity");
  yield first as ConnectivityLine;
  yield* lines as AsyncIterable<ConnectivityLine>;
}

/** Opens a stream of lines. The first one is there when it is open. */
async function followLines(
  runDirectory: string,
  path: string,
): Promise<{ readonly first: unknown; readonly lines: AsyncIterable<unknown> }> {
  const response = await open(socketPath(runDirectory), path);
  const texts = createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY })[
    Symbol.asyncIterator
  ]();
  const first = await texts.next();
  const read = parseJson(first.done ? "" : first.value);
  if (response.statusCode !== 200) throw failureOfAnswer(response.statusCode, read);
  if ("problem" in read) throw new KubespanError("unavailable", "the daemon's answer is not JSON");
  return { first: read.value, lines: linesOf(texts, response) };
}

/** Reads lines until the daemon ends them, or until the reader has enough. */
async function* linesOf(texts: AsyncIterator<string>, response: IncomingMessage): AsyncGenerator {
  try {
    for (let text = await texts.next(); !text.done; text = await texts.next()) {
      const read = parseJson(text.value);
      if ("value" in read) yield read.value;
    }
  } finally {
    response.destroy();
  }
}

const open = (socket: string, path: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const sent = request({ socketPath: socket, path, agent: false }, resolve);
    sent.on("error", (error) => reject(unavailable(socket, error)));
    sent.end();
  });
