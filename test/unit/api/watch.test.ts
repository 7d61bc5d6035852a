import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { waitFor } from "../../../lab/wait.ts";
import { followResources } from "../../../src/api/effects/follow.ts";
import { type ApiServer, serveApi } from "../../../src/api/effects/server.ts";
import type { Resources, WatchLine } from "../../../src/api/index.ts";
import { socketPath } from "../../../src/api/routes.ts";
import { KubespanError } from "../../../src/base/index.ts";
import { KindStore } from "../../../src/resources/store.ts";
import { Watcher } from "../../../src/resources/watcher.ts";
import { thing } from "../resources/kinds.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { noAnswers } from "./no-answers.ts";

const servers: ApiServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** A daemon's API with one kind of resources, which a test changes. */
async function served() {
  const store = new KindStore(thing);
  const watchers = new Set<Watcher>();
  const watch: Resources["watch"] = (kind, _namespace, onNews) => {
    if (kind !== "things") return Promise.reject(new KubespanError("usage", `no ${kind}`));
    const watcher = new Watcher(store, onNews, (closed) => watchers.delete(closed));
    watchers.add(watcher);
    return Promise.resolve(watcher);
  };
  const change = (size: number, count = 1): void => {
    const text = "x".repeat(1000);
    const made = Array.from({ length: count }, (_, at) => ({ id: `t${at}`, spec: { size, text } }));
    const ids = store.update(made, 0);
    for (const watcher of watchers) watcher.note(ids);
  };
  const folder = await temporaryFolder();
  servers.push(await serveApi(folder, { ...noAnswers, resources: { ...noAnswers.resources, watch } }));
  return { folder, watchers, change };
}

/** Reads lines until one of them is of that size. */
async function sizeReached(lines: AsyncIterator<WatchLine>, size: number): Promise<readonly string[]> {
  const seen: string[] = [];
  for (let next = await lines.next(); !next.done; next = await lines.next()) {
    seen.push(next.value.event);
    if ("resource" in next.value && next.value.resource.spec["size"] === size) break;
  }
  return seen;
}

test("300 watchers hear of a change, although one of them never reads", async () => {
  const { folder, watchers, change } = await served();
  change(0, 200);
  const slow = connect(socketPath(folder)).pause();
  slow.write("GET /v1/resources/things?watch HTTP/1.1\r\nHost: x\r\n\r\n");
  const others = await Promise.all(
    Array.from({ length: 299 }, () => followResources(folder, { kind: "things" })),
  );
  await waitFor(() => watchers.size === 300, { what: "300 watchers" });
  const streams = others.map(({ lines }) => lines[Symbol.asyncIterator]());
  const heard = streams.map((lines) => sizeReached(lines, 7));
  for (let size = 1; size <= 7; size++) change(size, 200);
  await Promise.all(heard);
  slow.destroy();
  for (const lines of streams) void lines.return?.();
  await waitFor(() => watchers.size === 0, { what: "the end of all watches" });
});

test("one that reads late is told that it missed changes, and what is there now", async () => {
  const { folder, watchers, change } = await served();
  change(0, 200);
  const { lines } = await followResources(folder, { kind: "things" });
  const stream = lines[Symbol.asyncIterator]();
  await waitFor(() => watchers.size === 1, { what: "the watcher" });
  // The socket's buffers hold some changes; the watcher reads nothing until they are full.
  for (let size = 1; size <= 300; size++) change(size, 200);
  const seen = await sizeReached(stream, 300);
  expect(seen).toContain("lost");
  await stream.return?.();
});

test("a kind that there is not is refused in the words of the daemon", async () => {
  const { folder } = await served();
  await expect(followResources(folder, { kind: "nothings" })).rejects.toMatchObject({
    code: "usage",
    message: "no nothings",
  });
});

test("the end of the daemon ends a watch", async () => {
  const { folder } = await served();
  const { lines } = await followResources(folder, { kind: "things" });
  const all = (async () => {
    for await (const line of lines) expect(line.event).toBe("bootstrapped");
  })();
  await servers.pop()?.close();
  await all.catch((error: unknown) => expect(error).toMatchObject({ code: "ECONNRESET" }));
});
