import { type IncomingMessage, request } from "node:http";
import { createInterface } from "node:readline";
import { KubespanError, parseJson } from "../../base/index.ts";
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
  const response = await open(socketPath(runDirectory), kindPath(kind, "watch"));
  const texts = createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY })[
    Symbol.asyncIterator
  ]();
  const first = await texts.next();
  const read = parseJson(first.done ? "" : first.value);
  if (response.statusCode !== 200) throw failureOfAnswer(response.statusCode, read);
  if ("problem" in read) throw new KubespanError("unavailable", "the daemon's answer is not JSON");
  const { definition } = read.value as { readonly definition: Definition };
  return { definition, lines: linesOf(texts, response) };
}

/** Reads lines until the daemon ends, or until the reader has enough. */
async function* linesOf(texts: AsyncIterator<string>, response: IncomingMessage): AsyncGenerator<WatchLine> {
  try {
    for (let text = await texts.next(); !text.done; text = await texts.next()) {
      const read = parseJson(text.value);
      if ("value" in read) yield read.value as WatchLine;
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
