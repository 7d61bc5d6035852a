import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import type { MetricsConfig } from "../../../src/config/index.ts";
import { MetricsServer } from "../../../src/metrics/effects/index.ts";
import { until } from "../discovery/loopback.ts";
import { metered } from "./metered.ts";

const at = (port: number, peers = true): MetricsConfig => ({
  listen: { host: "127.0.0.1", port },
  peers,
  page: false,
  names: ["node1.example.com"],
});

async function takenPort() {
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const free = () => new Promise((resolve) => holder.close(resolve));
  return { port: (holder.address() as AddressInfo).port, free };
}

function open() {
  const lines: string[] = [];
  let looks = 0;
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const server = new MetricsServer(log, async () => {
    looks++;
    return metered();
  });
  onTestFinished(() => server.close());
  return { server, lines, looks: () => looks };
}

test("the server waits for its port, follows the configuration, and looks only when it is asked", async () => {
  const { server, lines, looks } = open();
  const { port, free } = await takenPort();
  const url = `http://127.0.0.1:${port}/metrics`;
  server.follow(undefined);
  server.follow(at(port));
  await until(() => expect(lines).toHaveLength(1));
  server.follow(at(port));
  await free();
  await until(async () => {
    server.follow(at(port));
    expect((await fetch(url)).status).toBe(200);
  });
  expect(lines.map((line) => /no metrics are served|metrics are served at/.exec(line)?.[0])).toEqual([
    "no metrics are served",
    "metrics are served at",
  ]);
  expect(looks()).toBe(1);
  const response = await fetch(url, { headers: { accept: "application/openmetrics-text" } });
  expect(response.headers.get("content-type")).toMatch(/^application\/openmetrics-text/);
  expect(await response.text()).toContain("kubespan_peer_up");
  expect((await fetch(url, { method: "POST" })).status).toBe(405);
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
  server.follow(at(port, false));
  await until(async () => expect(await (await fetch(url)).text()).not.toContain("kubespan_peer_up"));
  server.follow(undefined);
  await until(() => expect(fetch(url)).rejects.toThrow("fetch failed"));
});

test("a browser that a page elsewhere sends here is refused", async () => {
  const { server, looks } = open();
  const { port, free } = await takenPort();
  await free();
  server.follow(at(port));
  const asked = async (headers: Record<string, string>): Promise<number> => {
    const sent = request({ host: "127.0.0.1", port, path: "/metrics", headers }).end();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    response.resume();
    return response.statusCode ?? 0;
  };
  await until(async () => expect(await asked({})).toBe(200));
  const before = looks();
  for (const host of [
    "evil.example",
    `evil.example:${port}`,
    "127.0.0.1.evil.example",
    "node1.example.com.evil.example",
  ])
    expect(await asked({ host }), host).toBe(403);
  for (const site of ["cross-site", "same-site"])
    expect(await asked({ "sec-fetch-site": site, "sec-fetch-mode": "no-cors" }), site).toBe(403);
  expect(looks()).toBe(before);
  for (const host of ["localhost", `[::1]:${port}`, "Node1.example.com", hostname()])
    expect(await asked({ host }), host).toBe(200);
});
