import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type Monitoring, serveMonitoring } from "../../../src/metrics/effects/index.ts";
import { Page } from "../../../src/page/effects/index.ts";
import { peer, status } from "../cli/status-values.ts";
import { until } from "../discovery/loopback.ts";
import { temporaryFolder } from "../temporary-folder.ts";

async function open(peers = [peer(1)]) {
  const folder = join(await temporaryFolder(), "page");
  await mkdir(folder);
  for (const name of ["index.html", "page.js", "page.css"]) await writeFile(join(folder, name), name);
  const seen = { status: status({ peers }), events: [] };
  const counts = { looks: 0, draws: 0 };
  const page = new Page({
    look: async () => void counts.looks++,
    see: () => {
      counts.draws++;
      return seen;
    },
    folder,
  });
  const server = await serveMonitoring({ host: "127.0.0.1", port: 0 }, page.pages, []);
  onTestFinished(() => server.close());
  return { page, server, counts, seen };
}

async function asked({ port }: Monitoring, path: string): Promise<IncomingMessage> {
  const [response] = (await once(
    request({ host: "127.0.0.1", port, path, agent: false }).end(),
    "response",
  )) as [IncomingMessage];
  return response;
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of response) text += String(chunk);
  return text;
}

test("the page, its two files and its state, under a policy that lets in nothing else", async () => {
  const { server, counts } = await open();
  for (const [path, type] of [
    ["/", "text/html"],
    ["/page/page.js", "text/javascript"],
    ["/page/page.css", "text/css"],
    ["/page/state", "application/json"],
  ] as const) {
    const { headers, statusCode, ...response } = await asked(server, path);
    void response;
    expect([path, statusCode, headers["content-type"]?.split(";")[0]]).toEqual([path, 200, type]);
    expect(headers["content-security-policy"]).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self'; /,
    );
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    expect(headers["content-security-policy"]).not.toMatch(/unsafe|\*|https?:/);
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["referrer-policy"]).toBe("no-referrer");
    expect(headers["access-control-allow-origin"]).toBeUndefined();
  }
  expect(JSON.parse(await textOf(await asked(server, "/page/state")))).toMatchObject({
    peers: [{ id: "id1" }],
  });
  expect(counts.looks).toBeLessThanOrEqual(2);
  for (const path of ["/page/../../etc/passwd", "/page/", "/page/page.ts", "//"])
    expect((await asked(server, path)).statusCode, path).toBe(404);
});

test("while nobody reads, passes cost nothing; a reader begins with everything and is told what changed", async () => {
  const { page, server, counts, seen } = await open([peer(1), peer(2)]);
  for (let pass = 0; pass < 100; pass++) page.passed();
  expect(counts).toEqual({ looks: 0, draws: 0 });
  const response = await asked(server, "/page/live");
  expect(response.headers["content-type"]).toBe("text/event-stream");
  let text = "";
  response.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  await until(() => expect(text).toMatch(/^data: \{"begins":true,.*\n\n$/));
  text = "";
  Object.assign(seen.status, { peers: [peer(1), peer(2, { state: "down" })] });
  for (let pass = 0; pass < 100; pass++) page.passed();
  await until(() => expect(text).toMatch(/^data: .*"id2".*\n\n$/));
  expect(text).not.toContain("id1");
  expect(counts).toEqual({ looks: 1, draws: 2 });
  response.destroy();
});

test("there are so many readers and no more, and one that does not read is one of them", async () => {
  const many = Array.from({ length: 2_000 }, (_, index) => ({ ...peer(index % 250), nodeId: `id${index}` }));
  const { server } = await open(many);
  const lazy = connect(server.port, "127.0.0.1");
  lazy.pause();
  lazy.write("GET /page/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const others = await Promise.all(Array.from({ length: 15 }, () => asked(server, "/page/live")));
  for (const other of others) other.resume();
  await until(async () => {
    const refused = await asked(server, "/page/live");
    refused.resume();
    if (refused.statusCode === 200) refused.destroy();
    expect(refused.statusCode).toBe(503);
  });
  others[0]?.destroy();
  await until(async () => {
    const next = await asked(server, "/page/live");
    next.resume();
    expect(next.statusCode).toBe(200);
  });
  for (const other of others) other.destroy();
  lazy.destroy();
});
