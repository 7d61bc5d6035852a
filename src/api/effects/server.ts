import { chmod, mkdir, rm } from "node:fs/promises";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import { dirname } from "node:path";
import { KubespanError } from "../../base/index.ts";
import { checkOwnFolder } from "../../system/index.ts";
import { type Routes, socketPath } from "../routes.ts";
import { answer, answerFailure } from "./answer.ts";
import { answers } from "./answers.ts";
import { streamLines } from "./stream-lines.ts";
import { mostWatches, streamWatch } from "./watch.ts";

/** The longest path with its query; names are at most 253 characters, of which each may be written as three. */
const longestUrl = 2048;

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
  const watching = new Set<ServerResponse>();
  const server = createServer(
    { requestTimeout: 10_000, headersTimeout: 5_000, maxHeaderSize: 8192 },
    handler(routes, watching),
  );
  server.maxConnections = mostWatches + 32;
  await listen(server, path);
  await chmod(path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const response of watching) response.destroy();
        server.closeIdleConnections();
      }),
  };
}

const handler =
  (routes: Routes, watching: Set<ServerResponse>): RequestListener =>
  (request, response) => {
    request.resume(); // the body is discarded, as no route has one
    const act = actionOf({ routes, watching }, request.method ?? "", request.url ?? "");
    if (!act)
      return answer(response, 404, { error: "the daemon knows no such route: docs/api.md lists all" });
    act(response).catch((error: unknown) => answerFailure(response, error));
  };

interface Served {
  readonly routes: Routes;
  /** The answers that are watches. */
  readonly watching: Set<ServerResponse>;
}

/** Something that answers a request. */
type Action = (response: ServerResponse) => Promise<void>;

/** What the commands of the first version ask for, which may still be at work while a package is upgraded. */
const ofFirstVersion = /^\/(?:status|down|forget\/[^/]+)$/;

/** Gives what a request asks for; `undefined` if it asks for nothing that there is. */
function actionOf(served: Served, method: string, url: string): Action | undefined {
  const [asked = "", query = ""] = url.split("?", 2);
  const path = ofFirstVersion.test(asked) ? `/v1${asked}` : asked;
  const [root, version, route = "", ...given] = path.split("/");
  if (root !== "" || version !== "v1" || given.length > 2 || url.length > longestUrl) return undefined;
  const parts = given.map(decoded);
  const make = actions[`${method} ${[route, ...parts.map(() => "*")].join("/")}`];
  return make?.(served, parts, new URLSearchParams(query));
}

type MakeAction = (served: Served, parts: readonly string[], query: URLSearchParams) => Action;

const telling =
  (ask: (routes: Routes, parts: readonly string[]) => unknown): MakeAction =>
  ({ routes }, parts) =>
  async (response) =>
    answer(response, 200, await ask(routes, parts));

const streaming =
  (ask: (routes: Routes) => AsyncIterable<unknown>): MakeAction =>
  ({ routes, watching }) =>
  (response) =>
    streamLines(ask(routes), response, watching);

/** All routes below /v1, in which a star stands for a name. */
const actions: Readonly<Record<string, MakeAction>> = {
  "GET status": telling(({ status }) => status()),
  "POST down": telling(({ down }) => down()),
  "POST forget/*": telling(({ forget }, [node = ""]) => forget(node)),
  "POST evict/*": telling(({ evict }, [statement = ""]) => evict(statement)),
  "POST rotate-key": telling(({ rotateKey }) => rotateKey()),
  "POST next-secret": telling(({ nextSecret }) => nextSecret()),
  "POST rotate-secret/*/*": telling(({ rotateSecret }, [statements = "", seconds = ""]) =>
    rotateSecret(statements, Number(seconds)),
  ),
  "GET why/*": telling(({ why }, [address = ""]) => why(address)),
  "GET netcheck": telling(({ netcheck }) => netcheck()),
  "GET matrix": streaming(({ matrix }) => matrix()),
  "GET connectivity": streaming(({ connectivity }) => connectivity()),
  "GET log-level": telling(({ logLevel }) => logLevel(undefined)),
  "PUT log-level/*": telling(({ logLevel }, [level = ""]) => logLevel(level)),
  "GET resources": telling(({ resources }) => resources.definitions()),
  "GET resources/*":
    ({ routes: { resources }, watching }, [kind = ""], query) =>
    async (response) => {
      const namespace = query.get("namespace") ?? undefined;
      if (query.has("watch")) return streamWatch(resources, { kind, namespace }, response, watching);
      answer(response, 200, await resources.list(kind, namespace));
    },
  "GET resources/*/*":
    ({ routes: { resources } }, [kind = "", id = ""], query) =>
    async (response) => {
      const { items } = await resources.list(kind, query.get("namespace") ?? undefined);
      const resource = items.find(({ metadata }) => metadata.id === id);
      if (resource) return answer(response, 200, resource);
      answer(response, 404, { error: `there is no ${kind} "${id}"`, code: "usage" });
    },
};

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
