import { once } from "node:events";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { cannotListen } from "../../base/index.ts";
import { type HostPort, hostPortText } from "../../net/index.ts";
import { refusal } from "../browser.ts";

export interface Monitoring {
  readonly port: number;
  close(): Promise<void>;
}

export interface Answer {
  readonly code: number;
  readonly text: string;
  /** Absent for plain text. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer that goes on until the client or the server ends it. */
type Streamed = (response: ServerResponse) => void;

/** What is answered at each path, made of what the client accepts. */
export type Pages = Readonly<
  Record<string, (accepted: string) => Answer | Streamed | Promise<Answer | Streamed>>
>;

const mostConnections = 64;
const headersTimeoutMs = 5_000;
const requestTimeoutMs = 10_000;
const checkEveryMs = 1_000;
/** Clients that do not read their answer are ended after this time. */
const idleTimeoutMs = 10_000;

/**
 * Serves pages for monitoring over HTTP. Where names are given, a browser that asks by another one is refused. Throws
 * `KubespanError("conflict")` when the address cannot be had.
 */
export async function serveMonitoring(
  listen: HostPort,
  pages: Pages,
  names?: readonly string[],
): Promise<Monitoring> {
  const unknown: Answer = { code: 404, text: `there are ${Object.keys(pages).join(", ")}\n` };
  const answerOf = async (path: string, accepted: string): Promise<Answer | Streamed> =>
    Object.hasOwn(pages, path) ? ((await pages[path]?.(accepted)) ?? unknown) : unknown;
  const handle: RequestListener = (request, response) => {
    const answer = (given: Answer | Streamed): void => {
      if (typeof given === "function") return given(response);
      const { code, text, type = "text/plain; charset=utf-8", headers } = given;
      response
        .writeHead(code, { "content-type": type, "x-content-type-options": "nosniff", ...headers })
        .end(text);
    };
    const { url = "", headers } = request;
    const refused = refusal(listen, headers, names);
    if (refused !== undefined) return answer({ code: 403, text: `${refused}\n` });
    if (request.method !== "GET" && request.method !== "HEAD")
      return answer({ code: 405, text: "only GET\n" });
    void answerOf(url, headers.accept ?? "").then(answer, () =>
      answer({ code: 500, text: "this cannot be told now\n" }),
    );
  };
  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: checkEveryMs,
      maxHeaderSize: 8 * 1024,
    },
    handle,
  );
  server.setTimeout(idleTimeoutMs);
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

/** Keeps the result for a quarter of a second, as collecting takes some milliseconds. */
export function recent<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: { readonly at: number; readonly value: Promise<Value> } | undefined;
  return () => {
    const now = performance.now();
    if (!made || now - made.at >= recentMs) made = { at: now, value: make() };
    return made.value;
  };
}

const recentMs = 250;
