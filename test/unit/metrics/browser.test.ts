import { request } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { refusal } from "../../../src/metrics/browser.ts";
import { serveMonitoring } from "../../../src/metrics/effects/index.ts";

const loopback = { host: "127.0.0.1", port: 9586 };

test.each(["127.0.0.1:9586", "localhost:9586", "localhost", "[::1]:9586", "127.0.0.1"])(
  "a server on loopback answers who calls it %s",
  (host) => {
    expect(refusal(loopback, { host })).toBeUndefined();
    expect(refusal({ ...loopback, host: "::1" }, { host })).toBeUndefined();
  },
);

test.each(["rebound.example:9586", "localhost.example", "node", "", "127.0.0.1.example:9586", "a b"])(
  "a page whose name has come to stand for this machine is refused: %s",
  (host) => {
    expect(refusal(loopback, { host })).toContain("ask by its address");
    expect(refusal({ ...loopback, host: "localhost" }, { host })).toBeDefined();
  },
);

test("a server of which the names are known has no other", () => {
  const listen = { host: "192.0.2.1", port: 9586 };
  expect(refusal(listen, { host: "node.example:9586" }, ["node.example"])).toBeUndefined();
  expect(refusal(listen, { host: "other.example:9586" }, ["node.example"])).toContain("metrics.names");
});

test("a server on another address may have any name, and none answers pages of other servers", () => {
  const listen = { host: "192.0.2.1", port: 9586 };
  expect(refusal(listen, { host: "node.example:9586" })).toBeUndefined();
  expect(refusal({ ...listen, host: "0.0.0.0" }, { host: "node.example:9586" })).toBeUndefined();
  for (const each of [listen, loopback])
    expect(refusal(each, { host: "127.0.0.1:9586", origin: "https://page.example" })).toBeDefined();
});

test("the servers of the daemon and of the discovery service heed it", async () => {
  const server = await serveMonitoring(
    { host: "127.0.0.1", port: 0 },
    { "/metrics": () => ({ code: 200, text: "1" }) },
  );
  onTestFinished(() => server.close());
  const asked = (headers: Record<string, string>): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      request({ port: server.port, host: "127.0.0.1", path: "/metrics", headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on("error", reject)
        .end();
    });
  expect(await asked({})).toBe(200);
  expect(await asked({ host: "rebound.example" })).toBe(403);
  expect(await asked({ origin: "null" })).toBe(403);
});
