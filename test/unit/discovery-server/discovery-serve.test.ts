import { join } from "node:path";
import { Metadata } from "@grpc/grpc-js";
import { execa } from "execa";
import { describe, expect, onTestFinished, test } from "vitest";
import { certificatesFor } from "../discovery/certificates.ts";
import { answer, clusterId, idsOf, node, plainService, rawClient, until } from "../discovery/loopback.ts";

const main = join(import.meta.dirname, "../../../src/main.ts");

/** `kubespan discovery serve` as an operator starts it. */
function serve(...args: string[]) {
  const command = execa(process.execPath, [main, "discovery", "serve", ...args], {
    reject: false,
    stdin: "ignore",
  });
  let text = "";
  command.stderr.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  onTestFinished(async () => {
    command.kill("SIGKILL");
    await command;
  });
  return { command, output: () => text };
}

const portOf = ({ output }: { output: () => string }): Promise<number> =>
  until(() => {
    const port = /127\.0\.0\.1:(\d+)/.exec(output())?.[1];
    if (port === undefined) throw new Error(`no address in ${output()}`);
    return Number(port);
  });

describe("kubespan discovery serve", () => {
  test.each(["json", "text"] as const)("says in %s where it listens, serves, and stops", async (format) => {
    const running = serve("--listen", "127.0.0.1:0", "--insecure", "--log-format", format);
    const port = await portOf(running);
    const [a, b] = [node("a", port), node("b", port)];
    await until(() => expect([idsOf(a), idsOf(b)]).toEqual([["b"], ["a"]]));
    running.command.kill("SIGTERM");
    expect((await running.command).exitCode).toBe(0);
    if (format === "json")
      expect(
        running
          .output()
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as unknown),
      ).toMatchObject([
        { level: "info", address: `127.0.0.1:${port}`, tls: false },
        { level: "info", signal: "SIGTERM" },
      ]);
  });

  test("speaks TLS with the certificate it is given", async () => {
    const { certFile, keyFile, caFile } = certificatesFor("IP:127.0.0.1");
    const port = await portOf(serve("--listen", "127.0.0.1:0", "--tls-cert", certFile, "--tls-key", keyFile));
    const a = node("a", { ...plainService(port), tls: true, caFile });
    await until(() => expect(a.state().phase).toBe("connected"));
  });

  test.each([
    ["one proxy", ["--trust-proxy"], "198.51.100.7"],
    ["two proxies", ["--trust-proxy", "2"], "203.0.113.9"],
    ["a proxy that replaces X-Real-IP", ["--trust-real-ip"], "192.0.2.50"],
    ["none", [], "127.0.0.1"],
  ])("behind %s, it reads the headers from the right", async (_, args, expected) => {
    const client = rawClient(await portOf(serve("--listen", "127.0.0.1:0", "--insecure", ...args)));
    const metadata = new Metadata();
    metadata.set("x-real-ip", "192.0.2.50");
    metadata.set("x-forwarded-for", "6.6.6.6, 203.0.113.9, 198.51.100.7");
    const { clientIp } = await answer<{ clientIp: Buffer }>((done) =>
      client.hello({ clusterId, clientVersion: "test" }, metadata, done),
    );
    expect(clientIp.join(".")).toBe(expected);
  });

  const listen = ["--listen", "127.0.0.1:0"];
  test.each([
    ["without TLS", listen, 2, /needs a certificate.*--insecure/s],
    ["with half of a key pair", [...listen, "--tls-cert", "/nonexistent"], 2, /needs a certificate/],
    ["with TLS and without", [...listen, "--insecure", "--tls-cert", "x"], 2, /cannot be used with/],
    [
      "with files that are missing",
      [...listen, "--tls-cert", "/nonexistent", "--tls-key", "/x"],
      3,
      /does not exist/,
    ],
    [
      "with files that hold something else",
      [...listen, "--tls-cert", main, "--tls-key", main],
      3,
      /do not work for TLS/,
    ],
    ["behind no proxies", [...listen, "--insecure", "--trust-proxy", "0"], 2, /number of proxies/],
    ["without an address", ["--insecure"], 2, /--listen/],
    [
      "with a name for an address",
      ["--insecure", "--listen", "localhost:3000"],
      2,
      /not an address and a port/,
    ],
    [
      "with a port that is none",
      ["--insecure", "--listen", "127.0.0.1:65536"],
      2,
      /not an address and a port/,
    ],
    [
      "on an address of another machine",
      ["--insecure", "--listen", "192.0.2.1:3000"],
      6,
      /this machine has no such address/,
    ],
  ])("does not start %s", async (_, args, exitCode, message) => {
    const { command, output } = serve(...args);
    expect((await command).exitCode).toBe(exitCode);
    expect(output()).toMatch(message);
    expect(output()).not.toMatch(/^\s+at /m);
  });
});
