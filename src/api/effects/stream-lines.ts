import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { answer } from "./answer.ts";

/** The streams of lines that may be open at one time, since each makes other nodes work. */
const mostStreams = 8;
const streams = new WeakMap<Set<ServerResponse>, Set<ServerResponse>>();

/**
 * Streams lines of JSON until there are no more, or the client goes away. A line is asked for when the client has read
 * those before.
 */
export async function streamLines(
  lines: AsyncIterable<unknown>,
  response: ServerResponse,
  watching: Set<ServerResponse>,
): Promise<void> {
  const open = streams.get(watching) ?? new Set();
  streams.set(watching, open);
  if (open.size >= mostStreams)
    return answer(response, 503, {
      error: `${mostStreams} such questions are being answered already`,
      code: "unavailable",
      hint: "end one of them",
    });
  for (const set of [open, watching]) {
    set.add(response);
    response.once("close", () => set.delete(response));
  }
  for await (const line of lines) {
    if (response.destroyed) return; // this ends the questions, too
    if (!response.headersSent)
      response.writeHead(200, { "content-type": "application/x-ndjson", connection: "close" });
    if (!response.write(`${JSON.stringify(line)}\n`)) await drained(response);
  }
  response.end();
}

async function drained(response: ServerResponse): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  await Promise.race([once(response, "drain", { signal }), once(response, "close", { signal })]).catch(
    () => undefined,
  );
  over.abort();
}
