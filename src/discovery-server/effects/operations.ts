import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { hostPortText } from "../../net/index.ts";
import { cannotListen } from "./grpc-server.ts";
import type { Metrics } from "./metrics.ts";

export interface Operations {
  readonly port: number;
  close(): Promise<void>;
}

const mostConnections = 64;
const recentMs = 250;

/**
 * The HTTP server for monitoring: `/metrics`; `/healthz`, which says that the process works; `/readyz`, which says
 * whether clients should use this service. Throws `KubespanError("conflict")` when the address cannot be had.
 */
export async function serveOperations(
  listen: { readonly host: string; readonly port: number },
  metrics: Metrics,
  isReady: () => boolean,
): Promise<Operations> {
  const collected = recent(() => metrics.text());
  const handle: RequestListener = (request, response) => {
    const answer = (code: number, text: string, type = "text/plain; charset=utf-8"): void => {
      response.writeHead(code, { "content-type": type }).end(text);
    };
    if (request.method !== "GET" && request.method !== "HEAD") return answer(405, "only GET\n");
    switch (request.url ?? "") {
      case "/healthz":
        return answer(200, "ok\n");
      case "/readyz":
        return isReady() ? answer(200, "ready\n") : answer(503, "not ready\n");
      case "/metrics":
        return void collected().then(
          (all) => answer(200, all, metrics.contentType),
          () => answer(500, "the metrics cannot be collected\n"),
        );
      default:
        return answer(404, "there are /metrics, /healthz and /readyz\n");
    }
  };
  const server = createServer(
    {
      headersTimeout: 5_000,
      requestTimeout: 10_000,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 8 * 1024,
    },
    handle,
  );
  server.setTimeout(10_000); // ends clients that do not read their answer
  const open = new Set<Socket>();
  server.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    // A monitoring request takes a moment, so the oldest connections make room.
    const [oldest] = open;
    if (open.size > mostConnections) oldest?.destroy();
  });
  server.listen(listen.port, listen.host);
  try {
    await once(server, "listening");
  } catch (error) {
    throw cannotListen(hostPortText(listen), error instanceof Error ? error : new Error(String(error)));
  }
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Caches the result briefly, as collecting takes some milliseconds. */
function recent<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: { readonly at: number; readonly value: Promise<Value> } | undefined;
  return () => {
    const now = performance.now();
    if (!made || now - made.at >= recentMs) made = { at: now, value: make() };
    return made.value;
  };
}
