import type { ServerResponse } from "node:http";
import type { Resources } from "../resource.ts";
import { answer } from "./answer.ts";

/** The watches that may be open at one time. */
export const mostWatches = 512;

/**
 * Streams the changes of a kind, a line of JSON for each. A line is made when the client has read those before, so that a
 * client that does not read holds a few lines and delays nobody.
 */
export async function streamWatch(
  resources: Resources,
  { kind, namespace }: { readonly kind: string; readonly namespace: string | undefined },
  response: ServerResponse,
  watching: Set<ServerResponse>,
): Promise<void> {
  if (watching.size >= mostWatches)
    return answer(response, 503, {
      error: `there are ${mostWatches} watches already`,
      code: "unavailable",
      hint: "end one of them",
    });
  // News before the first line are part of what the watch begins with.
  const news: { tell?: () => void } = {};
  const watch = await resources.watch(kind, namespace, () => news.tell?.());
  if (response.destroyed) return watch.close(); // the client went away while the daemon looked
  watching.add(response);
  response.once("close", () => {
    watching.delete(response);
    watch.close();
  });
  const tell = (): void => {
    while (!response.destroyed && !response.writableNeedDrain) {
      const line = watch.next();
      if (line === undefined) return;
      response.write(line);
    }
  };
  news.tell = tell;
  response.on("drain", tell);
  response.writeHead(200, { "content-type": "application/x-ndjson", connection: "close" });
  response.write(`${JSON.stringify({ definition: watch.definition })}\n`);
  tell();
}
