import { chmod, mkdir, rm } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import { dirname } from "node:path";
import { errorText, KubespanError } from "../../base/index.ts";
import { checkOwnFolder } from "../../system/index.ts";
import { type Failure, type Routes, socketPath } from "../routes.ts";
import { answers } from "./answers.ts";

export interface ApiServer {
  close(): Promise<void>;
}

/**
 * Listens on the socket. A socket that a killed daemon left behind is replaced. Throws `KubespanError("conflict")` if
 * another daemon answers there.
 */
export async function serveApi(runDirectory: string, routes: Routes): Promise<ApiServer> {
  const path = socketPath(runDirectory);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await checkOwnFolder(dirname(path));
  if (await answers(path))
    throw new KubespanError("conflict", `another kubespan daemon is running: it answers at ${path}`, {
      hint: `stop it, or give this one its own "runDirectory" and "interfaceName"`,
    });
  await rm(path, { force: true });
  const server = createServer(
    { requestTimeout: 10_000, headersTimeout: 5_000, maxHeaderSize: 8192 },
    handler(routes),
  );
  server.maxConnections = 32;
  await listen(server, path);
  await chmod(path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}

const handler =
  (routes: Routes): RequestListener =>
  (request, response) => {
    const send = (code: number, body: unknown): void => {
      response.writeHead(code, { "content-type": "application/json", connection: "close" });
      response.end(`${JSON.stringify(body)}\n`);
    };
    const answer = routeOf(routes, `${request.method} ${request.url}`);
    if (!answer)
      return send(404, { error: "the daemon knows GET /status, POST /down and POST /forget/NODE" });
    request.resume(); // the body is discarded, as no route has one
    answer().then(
      (body) => send(200, body),
      (error: unknown) => send(500, failureOf(error)),
    );
  };

/** The failure that the command prints. An error's code and hint are for the operator who typed the command. */
const failureOf = (error: unknown): Failure =>
  error instanceof KubespanError
    ? { error: error.message, code: error.code, ...(error.hint !== undefined && { hint: error.hint }) }
    : { error: errorText(error) };

function routeOf(routes: Routes, request: string): (() => Promise<unknown>) | undefined {
  if (request === "GET /status") return routes.status;
  if (request === "POST /down") return routes.down;
  const node = /^POST \/forget\/([^/?#]{1,800})$/.exec(request)?.[1];
  if (node !== undefined) return () => routes.forget(decoded(node));
  return undefined;
}

/** Decodes a part of a URL. A name that is not encoded correctly stays as it is, and then names no member. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) =>
      reject(new KubespanError("conflict", `cannot listen on ${path}: ${error.message}`, { cause: error })),
    );
    server.listen(path, resolve);
  });
}
