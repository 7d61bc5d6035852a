import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer, type SecureVersion } from "node:tls";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { node, plainService, until } from "../discovery/loopback.ts";

/** An RSA key: only with one could anything without forward secrecy be agreed on at all. */
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kubespan-test-"));
  const names = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"];
  const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")];
  execFileSync(
    "openssl",
    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...names, ...files],
    { stdio: "pipe" },
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string): string => join(folder, name);

/** Without an ephemeral key, or without authenticated encryption, or of an old version. */
const weak: readonly (readonly [ciphers: string, version: SecureVersion])[] = [
  ["AES128-GCM-SHA256", "TLSv1.2"],
  ["AES256-SHA256", "TLSv1.2"],
  ["ECDHE-RSA-AES128-SHA256", "TLSv1.2"],
  ["ECDHE-RSA-AES128-SHA:@SECLEVEL=0", "TLSv1.1"],
];
const strong: readonly (readonly [ciphers: string, version: SecureVersion])[] = [
  ["ECDHE-RSA-AES128-GCM-SHA256", "TLSv1.2"],
  ["ECDHE-RSA-CHACHA20-POLY1305", "TLSv1.2"],
  ["TLS_AES_256_GCM_SHA384", "TLSv1.3"],
];

async function agreed(port: number, ciphers: string, version: SecureVersion): Promise<string | undefined> {
  const socket = connect({
    port,
    host: "127.0.0.1",
    ciphers,
    minVersion: version,
    maxVersion: version,
    ca: readFileSync(file("cert.pem")),
    ALPNProtocols: ["h2"],
  });
  try {
    await once(socket, "secureConnect");
    return socket.getProtocol() ?? undefined;
  } catch (error) {
    expect(String(error)).toMatch(/handshake failure|protocol version|no ciphers|ECONNRESET|disconnected/i);
    return undefined;
  } finally {
    socket.destroy();
  }
}

async function offering(
  ciphers: string,
  version: SecureVersion,
): Promise<{ port: number; met: Promise<string> }> {
  const met = Promise.withResolvers<string>();
  const server = createServer({
    key: readFileSync(file("key.pem")),
    cert: readFileSync(file("cert.pem")),
    ciphers,
    minVersion: version,
    maxVersion: version,
    ALPNProtocols: ["h2"],
  });
  server.on("secureConnection", (socket) => {
    met.resolve("agreed");
    socket.destroy();
  });
  server.on("tlsClientError", () => met.resolve("refused"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, met: met.promise };
}

describe("the service agrees on a key that is forgotten, or on none", () => {
  const main = join(import.meta.dirname, "../../../src/main.ts");

  test("of all there is", async () => {
    const serve = [
      "discovery",
      "serve",
      "--listen",
      "127.0.0.1:0",
      "--tls-cert",
      file("cert.pem"),
      "--tls-key",
      file("key.pem"),
    ];
    const command = execa(process.execPath, [main, ...serve], { reject: false, stdin: "ignore" });
    onTestFinished(async () => {
      command.kill("SIGKILL");
      await command;
    });
    let text = "";
    command.stderr.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    const port = await until(() => Number(/127\.0\.0\.1:(\d+)/.exec(text)?.[1] ?? expect.fail(text)));
    for (const [ciphers, version] of strong)
      expect(await agreed(port, ciphers, version), ciphers).toBe(version);
    for (const [ciphers, version] of weak)
      expect(await agreed(port, ciphers, version), ciphers).toBeUndefined();
  });
});

describe("the client, too: a service that offers nothing else gets nothing", () => {
  test.each([
    ...weak.map((each) => [...each, "refused"] as const),
    ...strong.map((each) => [...each, "agreed"] as const),
  ])("%s of %s: %s", async (ciphers, version, outcome) => {
    const { port, met } = await offering(ciphers, version);
    node("a", { ...plainService(port), tls: true, caFile: file("cert.pem") });
    expect(await met).toBe(outcome);
  });
});
