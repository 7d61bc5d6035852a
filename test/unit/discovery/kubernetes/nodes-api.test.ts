import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { retryAfterOf, statusOf } from "../../../../src/discovery/kubernetes/effects/api-error.ts";
import {
  type NodeEvent,
  type NodesApi,
  openNodesApi,
} from "../../../../src/discovery/kubernetes/effects/nodes-api.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

/*
 * APIs that the real one of the tests in test/kubernetes is not: one without Tables, one with other columns, and one
 * that is too busy.
 */
const metadata = { name: "one", uid: "u", resourceVersion: "7" };
const node = { kind: "Node", metadata };
const list = { kind: "NodeList", metadata: { resourceVersion: "9" }, items: [node] };
const tableOf = (names: readonly string[]) => ({
  kind: "Table",
  metadata: { resourceVersion: "9" },
  columnDefinitions: names.map((name) => ({ name })),
  rows: [{ cells: names.map(() => "NotReady"), object: { metadata } }],
});

const asksForTable = ({ headers }: IncomingMessage): boolean => headers.accept?.includes("as=Table") === true;

async function apiOf(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<NodesApi> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const kubeconfig = join(await temporaryFolder(), "kubeconfig");
  const parts = {
    clusters: [
      {
        name: "c",
        cluster: { server: `http://127.0.0.1:${port}/behind/a/path`, "insecure-skip-tls-verify": true },
      },
    ],
    users: [{ name: "u", user: { token: "t" } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
  };
  await writeFile(kubeconfig, JSON.stringify({ ...parts, "current-context": "x" }));
  return openNodesApi({ kubeconfig });
}

const never = (): AbortSignal => new AbortController().signal;

describe("the API", () => {
  test("is asked for Tables, in lists and watches, with the credentials and below its path", async () => {
    const seen: (string | undefined)[] = [];
    const api = await apiOf((request, response) => {
      seen.push(request.url?.replace(/[?].*/, ""), request.headers.authorization, request.headers.accept);
      const table = tableOf(["Name", "Status", "OS-Image"]);
      const isWatch = request.url?.includes("watch=true") === true;
      const event = { type: "MODIFIED", object: { ...table, columnDefinitions: null } };
      response.end(isWatch ? `${JSON.stringify(event)}\n` : JSON.stringify(table));
    });
    const { nodes, resourceVersion } = await api.list(undefined, never());
    expect(nodes).toMatchObject([{ isOutline: true, isUnready: true, node: { name: "one" } }]);
    expect(resourceVersion).toBe("9");
    const events: NodeEvent[] = [];
    await api.watch("9", { onOpen: () => undefined, onEvent: (event) => events.push(event) }, never());
    expect(events).toMatchObject([{ type: "MODIFIED", version: "9", seen: [{ isOutline: true }] }]);
    expect(seen.slice(0, 3)).toEqual(seen.slice(3));
    expect(seen.slice(0, 2)).toEqual(["/behind/a/path/api/v1/nodes", "Bearer t"]);
    expect(seen[2]).toMatch(/^application\/json;as=Table;.*,application\/json$/);
  });

  test("that makes no Tables answers with whole Nodes, which are taken", async () => {
    const api = await apiOf((_, response) => response.end(JSON.stringify(list)));
    expect((await api.list(undefined, never())).nodes).toMatchObject([{ isOutline: false }]);
    expect(await api.version(never())).toBe("9");
  });

  test("whose Tables have no column for the condition is asked for whole Nodes from then on", async () => {
    const asked: boolean[] = [];
    const api = await apiOf((request, response) => {
      asked.push(asksForTable(request));
      response.end(JSON.stringify(asksForTable(request) ? tableOf(["Name", "Zustand"]) : list));
    });
    for (let round = 0; round < 2; round++)
      expect((await api.list(undefined, never())).nodes).toMatchObject([{ isOutline: false }]);
    expect(asked).toEqual([true, false, false]);
  });

  test("that is too busy says so, and how long to wait", async () => {
    const api = await apiOf((_, response) => {
      response.writeHead(429, { "retry-after": "7" }).end("{}");
    });
    for (const ask of [() => api.list(undefined, never()), () => api.read("one", never())]) {
      const error = await ask().catch((thrown: unknown) => thrown);
      expect([statusOf(error), retryAfterOf(error)]).toEqual([429, 7_000]);
    }
  });

  test.each(["<html>a portal</html>", "{}", "", '{"kind":"Status"}'])(
    "that answers with something else (%j) is an error, and no empty cluster",
    async (text) => {
      const api = await apiOf((_, response) => response.end(text));
      await expect(api.list(undefined, never())).rejects.toThrow("no list of Nodes");
    },
  );
});
