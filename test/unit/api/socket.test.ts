import { writeFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer as createHttpServer, request } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { fetchStatus, requestDown, requestForget } from "../../../src/api/effects/client.ts";
import { type ApiServer, serveApi } from "../../../src/api/effects/server.ts";
import { type Down, type Routes, socketPath } from "../../../src/api/routes.ts";
import type { Status } from "../../../src/api/status.ts";
import { KubespanError } from "../../../src/base/error.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { noAnswers } from "./no-answers.ts";

const status = { peers: [], registries: [], refusedAffiliates: [] } as unknown as Status;
const routes: Routes = {
  ...noAnswers,
  status: () => Promise.resolve(status),
  down: () => Promise.resolve({ steps: ["one"], warnings: [] }),
  forget: (node) => Promise.resolve({ nodeId: "1", label: node, asked: 2, heard: 1 }),
};
const servers: ApiServer[] = [];
const serve = async (folder: string, changes: Partial<Routes> = {}): Promise<void> => {
  servers.push(await serveApi(folder, { ...routes, ...changes }));
};
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** The status of the answer to a request. */
const codeOf = (folder: string, method = "", path = ""): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const sent = request({ socketPath: socketPath(folder), method, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on("error", reject);
    sent.end();
  });

describe("the local API", () => {
  it("answers on a socket that only root can open", async () => {
    const folder = join(await temporaryFolder(), "run");
    await serve(folder);
    expect(await fetchStatus(folder)).toEqual(status);
    expect((await stat(socketPath(folder))).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it("passes on whom to forget, and why somebody is not forgotten", async () => {
    const folder = await temporaryFolder();
    await serve(folder);
    expect(await requestForget(folder, "a node/%")).toEqual({
      nodeId: "1",
      label: "a node/%",
      asked: 2,
      heard: 1,
    });
    const refused = new KubespanError("usage", "b is connected", { hint: "wait" });
    const other = await temporaryFolder();
    await serve(other, { forget: () => Promise.reject(refused) });
    await expect(requestForget(other, "b")).rejects.toMatchObject({
      code: "usage",
      hint: "wait",
      message: "b is connected",
    });
  });

  it("waits for the end of the daemon that takes everything down", async () => {
    const folder = await temporaryFolder();
    let isEnding = false;
    const down = async (): Promise<Down> => {
      setTimeout(() => {
        isEnding = true;
        void servers.pop()?.close();
      }, 50);
      return { steps: ["one"], warnings: [] };
    };
    await serve(folder, { down });
    expect(await requestDown(folder)).toEqual({ steps: ["one"], warnings: [] });
    expect(isEnding).toBe(true);
    expect(await requestDown(folder)).toBeUndefined();
  });

  it("says what is wrong when a route fails", async () => {
    const folder = await temporaryFolder();
    await serve(folder, {
      status: () => Promise.reject(new KubespanError("command", "nft is gone", { hint: "install it" })),
    });
    await expect(fetchStatus(folder)).rejects.toMatchObject({
      message: "nft is gone",
      hint: "install it",
      code: "command",
      exitCode: 7,
    });
  });

  it("refuses what it does not know", async () => {
    const folder = await temporaryFolder();
    await serve(folder);
    expect(await codeOf(folder, "DELETE", "/../etc")).toBe(404);
  });

  it("is understood by the commands of the first version, whose routes bear no number", async () => {
    const folder = await temporaryFolder();
    await serve(folder);
    const paths = ["GET /status", "POST /down", "POST /forget/b"];
    const codes = paths.map((each) => each.split(" ")).map(([method, path]) => codeOf(folder, method, path));
    expect(await Promise.all(codes)).toEqual([200, 200, 200]);
    expect(await codeOf(folder, "GET", "/resources")).toBe(404);
  });

  it("asks a daemon of the first version, which was started before an upgrade", async () => {
    const folder = await temporaryFolder();
    const first: Readonly<Record<string, unknown>> = {
      "GET /status": status,
      "POST /forget/b": { label: "b", asked: 0, heard: 0 },
    };
    const server = createHttpServer(({ method, url }, response) => {
      const body = first[`${method} ${url}`];
      response.writeHead(body === undefined ? 404 : 200).end(JSON.stringify(body ?? { error: "?" }));
    });
    await new Promise<void>((resolve) => server.listen(socketPath(folder), resolve));
    try {
      expect(await fetchStatus(folder)).toEqual(status);
      expect(await requestForget(folder, "b")).toEqual({ label: "b", asked: 0, heard: 0 });
    } finally {
      server.close();
    }
  });

  it("is refused where another daemon answers, and goes on answering there", async () => {
    const folder = await temporaryFolder();
    await serve(folder);
    await expect(serveApi(folder, routes)).rejects.toMatchObject({ code: "conflict" });
    expect(await fetchStatus(folder)).toEqual(status);
  });

  it("replaces what a killed daemon left behind", async () => {
    const folder = await temporaryFolder();
    writeFileSync(socketPath(folder), "");
    await serve(folder);
    expect(await fetchStatus(folder)).toEqual(status);
  });
});

describe("without a daemon", () => {
  it("status says so and what to do, and down knows it", async () => {
    const folder = await temporaryFolder();
    await expect(fetchStatus(folder)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("no daemon answers"),
      hint: expect.stringContaining("kubespan run"),
    });
    expect(await requestDown(folder)).toBeUndefined();
  });

  it("something else on the socket is no daemon that went away", async () => {
    const folder = await temporaryFolder();
    const other = createServer((socket) =>
      socket.resume().end("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{]}"),
    );
    await new Promise<void>((resolve) => other.listen(socketPath(folder), resolve));
    try {
      await expect(requestDown(folder)).rejects.toThrow("not JSON");
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });
});
