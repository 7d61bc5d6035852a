import { copyFile, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";
import { credentials, status } from "@grpc/grpc-js";
import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import { ClusterClient as Client, type ClusterClient } from "../../../src/discovery/wire/generated/server.ts";
import { Carriage } from "../../../src/stream/index.ts";
import { certificatesFor } from "../discovery/certificates.ts";
import { answer, clusterId, idsOf, node, rawClient, until } from "../discovery/loopback.ts";
import { idOf } from "../discovery/samples.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const main = join(import.meta.dirname, "../../../src/main.ts");

interface Line {
  readonly address?: string;
  readonly metrics?: string;
  readonly msg: string;
}

interface Running {
  readonly process: ReturnType<typeof start>;
  log(): Line[];
  readonly port: number;
  /** Of what an operator asks. */
  url(path: string): string;
}

const start = (args: readonly string[]) => execa(process.execPath, args, { reject: false, stdin: "ignore" });

async function serve(...args: string[]): Promise<Running> {
  const common = ["--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--log-format", "json"];
  const all = [main, "discovery", "serve", ...common, ...args];
  const child = start(all);
  let text = "";
  child.stderr.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await child;
  });
  const log = (): Line[] =>
    text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line);
  const listening = await until(() => {
    const line = log().find(({ msg }) => msg.includes("listening"));
    if (!line) throw new Error(`not listening: ${text}`);
    return line;
  });
  const port = Number(listening.address?.split(":")[1]);
  return { process: child, log, port, url: (path) => `http://${listening.metrics ?? ""}${path}` };
}

const hello = (client: ClusterClient) =>
  answer<object>((done) => client.hello({ clusterId, clientVersion: "test" }, done));

test("a service that is to relay counts its streams, and what they carry", async () => {
  const service = await serve("--insecure", "--relay");
  const text = async (): Promise<string> => (await fetch(service.url("/metrics"))).text();
  expect(await text()).toContain("\nkubespan_discovery_relay_streams 0\n");
  const carriages = [new Carriage(), new Carriage()];
  for (const [index, carriage] of carriages.entries()) node(`n${index}`, service.port, { carriage });
  await until(async () => expect(await text()).toContain("\nkubespan_discovery_relay_streams 2\n"));
  await until(() => expect(carriages.map(({ services }) => services.length)).toEqual([1, 1]));
  carriages[0]?.send({ peer: idOf("n1"), data: new Uint8Array(100) }, performance.now());
  carriages[0]?.send({ peer: idOf("nobody"), data: new Uint8Array(100) }, performance.now());
  await until(async () => {
    const counted = await text();
    expect(counted).toContain("\nkubespan_discovery_relay_packets_total 1\n");
    expect(counted).toContain("\nkubespan_discovery_relay_bytes_total 100\n");
    expect(counted).toContain("\nkubespan_discovery_relay_dropped_total 1\n");
  });
});

test("metrics count what is done, and name no cluster, no node, no address", async () => {
  const running = await serve("--insecure");
  const [a] = [node("nodea", running.port), node("nodeb", running.port)];
  await until(() => expect(idsOf(a)).toEqual(["nodeb"]));
  const client = rawClient(running.port);
  await expect(
    answer((done) => client.hello({ clusterId: "", clientVersion: "" }, done)),
  ).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  const response = await fetch(running.url("/metrics"));
  expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
  const text = await response.text();
  for (const line of [
    "kubespan_discovery_clusters 1",
    "kubespan_discovery_affiliates 2",
    "kubespan_discovery_watchers 2",
    "kubespan_discovery_watchers_cut_off_total 0",
    'kubespan_discovery_requests_total{method="AffiliateUpdate",status="OK"} 2',
    'kubespan_discovery_requests_total{method="Hello",status="INVALID_ARGUMENT"} 1',
  ])
    expect(text).toContain(`${line}\n`);
  expect(text).toMatch(/^kubespan_discovery_changes_total [2-9]/m);
  expect(text).not.toMatch(/nodea|nodeb|a cluster|127\.0\.0\.1/);
  expect(JSON.stringify(running.log())).not.toMatch(/nodea|nodeb|a cluster/);
});

test("health and readiness are told, and at the end all watchers are sent elsewhere", async () => {
  const running = await serve("--insecure", "--drain", "30");
  const statuses = async (): Promise<number[]> =>
    Promise.all(
      ["/healthz", "/readyz", "/other"].map(async (path) => (await fetch(running.url(path))).status),
    );
  expect(await statuses()).toEqual([200, 200, 404]);
  expect((await fetch(running.url("/metrics"), { method: "POST" })).status).toBe(405);
  const client = rawClient(running.port);
  const codes: number[] = [];
  for (let index = 0; index < 60; index++)
    client
      .watch({ clusterId })
      .on("data", () => undefined)
      .on("error", (error: Error & { code: number }) => codes.push(error.code));
  await until(async () =>
    expect(await (await fetch(running.url("/metrics"))).text()).toContain("kubespan_discovery_watchers 60\n"),
  );
  running.process.kill("SIGTERM");
  expect((await running.process).exitCode).toBe(0);
  expect(codes).toEqual(Array.from({ length: 60 }, () => status.UNAVAILABLE));
});

test("health and metrics are told beside clients that ask slowly and clients that read slowly", async () => {
  const running = await serve("--insecure");
  const url = new URL(running.url("/"));
  const slow = Array.from({ length: 64 }, (_, index) => {
    const socket = connect(Number(url.port), url.hostname);
    socket.on("error", () => undefined); // they are cut when others need the room
    onTestFinished(() => void socket.destroy());
    if (index % 2 === 0) socket.write("GET /metrics HTTP/1.1\r\nx: ");
    else socket.pause().write("GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n".repeat(200));
    return socket;
  });
  await until(() => expect(slow.every(({ connecting }) => !connecting)).toBe(true));
  for (const path of ["/healthz", "/readyz", "/metrics"])
    expect((await fetch(running.url(path))).status).toBe(200);
  expect(slow.some(({ destroyed }) => !destroyed)).toBe(true);
});

/** The certificate that new connections get. */
const subjectOf = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = tlsConnect(
      { host: "127.0.0.1", port, rejectUnauthorized: false, ALPNProtocols: ["h2"] },
      () => {
        resolve(socket.getPeerX509Certificate()?.serialNumber ?? "");
        socket.destroy();
      },
    );
    socket.on("error", reject);
  });

test("a new certificate is used on SIGHUP and by itself, without breaking what is connected", async () => {
  const [first, second] = [certificatesFor("IP:127.0.0.1"), certificatesFor("IP:127.0.0.1")];
  const folder = await temporaryFolder();
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const install = async (from: typeof first): Promise<void> => {
    await copyFile(from.keyFile, key);
    await copyFile(from.certFile, cert);
  };
  await install(first);
  const running = await serve("--tls-cert", cert, "--tls-key", key);
  const service = { name: "test", host: "127.0.0.1", port: running.port, tls: true, caFile: first.caFile };
  const a = node("a", service);
  await until(() => expect(a.state().phase).toBe("connected"));
  const before = await subjectOf(running.port);
  await install(second);
  running.process.kill("SIGHUP");
  await until(async () => expect(await subjectOf(running.port)).not.toBe(before));
  expect(a.state()).toMatchObject({ phase: "connected" });
  await writeFile(cert, "no certificate");
  running.process.kill("SIGHUP");
  await until(() => expect(JSON.stringify(running.log())).toContain("the certificate stays as it was"));
  expect(await subjectOf(running.port)).not.toBe(before);
  await install(first); // nobody says so this time
  await until(async () => expect(await subjectOf(running.port)).toBe(before));
}, 120_000);

test("only clients with a certificate of the authority are let in, where one is given", async () => {
  const { certFile, keyFile, caFile, tls } = certificatesFor("IP:127.0.0.1");
  const { port } = await serve("--tls-cert", certFile, "--tls-key", keyFile, "--tls-client-ca", caFile);
  const ca = await readFile(caFile);
  const stranger = certificatesFor("IP:127.0.0.1").tls;
  const client = (own?: typeof tls): ClusterClient => {
    const made = new Client(
      `127.0.0.1:${port}`,
      own ? credentials.createSsl(ca, own.key, own.cert) : credentials.createSsl(ca),
      { "grpc.use_local_subchannel_pool": 1 },
    );
    onTestFinished(() => made.close());
    return made;
  };
  await expect(hello(client(tls))).resolves.toBeDefined();
  await expect(hello(client())).rejects.toMatchObject({ code: status.UNAVAILABLE });
  await expect(hello(client(stranger))).rejects.toMatchObject({ code: status.UNAVAILABLE });
});

test("a snapshot brings back after a restart what nobody has said again", async () => {
  const file = join(await temporaryFolder(), "snapshot");
  const first = await serve("--insecure", "--snapshot", file);
  const a = node("a", first.port);
  await until(async () =>
    expect(await (await fetch(first.url("/metrics"))).text()).toContain("affiliates 1\n"),
  );
  await a.stop();
  first.process.kill("SIGTERM");
  await first.process;
  const second = await serve("--insecure", "--snapshot", file);
  const b = node("b", second.port);
  await until(() => expect(idsOf(b)).toEqual(["a"]));
});
