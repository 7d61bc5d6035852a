import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ServiceConfig } from "../../../src/config/config.ts";
import { errorOf } from "../../../src/discovery/registry-state.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { certificatesFor } from "./certificates.ts";
import { fakeService, idsOf, node, plainService, service, until } from "./loopback.ts";

const tlsService = (port: number, caFile?: string, host = "127.0.0.1"): ServiceConfig => ({
  ...plainService(port),
  host,
  tls: true,
  ...(caFile !== undefined && { caFile }),
});

test.each([
  ["IP:127.0.0.1", "127.0.0.1"],
  ["DNS:localhost", "localhost"],
])("a service whose certificate says %s is used as %s", async (names, host) => {
  const { tls, caFile } = certificatesFor(names);
  const { port } = await service({ tls });
  const [a, b] = [node("a", tlsService(port, caFile, host)), node("b", tlsService(port, caFile, host))];
  await until(() => expect([idsOf(a), idsOf(b)]).toEqual([["b"], ["a"]]));
  expect(a.state().location).toBe(`https://${host}:${port}`);
  await b.withdraw();
  await until(() => expect(idsOf(a)).toEqual([]));
});

test("an IPv6 service is used by its address", async () => {
  const { tls, caFile } = certificatesFor("IP:::1");
  const { port } = await service({ tls, listen: { host: "::1", port: 0 } });
  const a = node("a", tlsService(port, caFile, "::1"));
  await until(() =>
    expect(a.state()).toMatchObject({ phase: "connected", location: `https://[::1]:${port}` }),
  );
});

test("a service whose authority is not trusted gets nothing", async () => {
  const { tls } = certificatesFor("IP:127.0.0.1");
  const { port } = await service({ tls });
  const a = node("a", tlsService(port));
  await until(() => expect(errorOf(a.state())).toMatch(/certificate is not trusted.*serviceCAFiles/));
});

test("a service with a certificate for another name gets nothing", async () => {
  const { tls, caFile } = certificatesFor("DNS:other.example.org");
  const { port } = await service({ tls });
  const a = node("a", tlsService(port, caFile));
  await until(() => expect(errorOf(a.state())).toMatch(/certificate is not trusted.*name it was issued for/));
});

test("TLS and plaintext do not meet by accident", async () => {
  const { tls, caFile } = certificatesFor("IP:127.0.0.1");
  const [secure, plain] = [await service({ tls }), await service()];
  const asPlain = node("a", plainService(secure.port));
  const asSecure = node("b", tlsService(plain.port, caFile));
  await until(() =>
    expect(errorOf(asPlain.state())).toMatch(/closed the connection at once \(if it speaks TLS/),
  );
  await until(() => expect(errorOf(asSecure.state())).toMatch(/may not speak TLS/));
});

test("a redirect from a TLS service leads to TLS again, never to plaintext", async () => {
  const { tls, caFile } = certificatesFor("IP:127.0.0.1");
  const plain = await service();
  const asked = await fakeService(
    {
      hello: (_, done) =>
        done(null, { redirect: { endpoint: `127.0.0.1:${plain.port}` }, clientIp: Buffer.alloc(0) }),
    },
    tls,
  );
  const a = node("a", tlsService(asked, caFile));
  await until(() => expect(errorOf(a.state())).toMatch(/may not speak TLS/));
  expect(a.state().phase).toBe("connecting");
});

/** A TLS service named localhost that sends everyone to another one, on this port of this machine. */
const leadsTo = (tls: { cert: Buffer; key: Buffer }, endpoint: string): Promise<number> =>
  fakeService({ hello: (_, done) => done(null, { redirect: { endpoint }, clientIp: Buffer.alloc(0) }) }, tls);

test("a redirect is followed to whoever has a certificate for the name that was configured", async () => {
  const { tls, caFile } = certificatesFor("DNS:localhost");
  const { port } = await service({ tls });
  const a = node("a", tlsService(await leadsTo(tls, `127.0.0.1:${port}`), caFile, "localhost"));
  await until(() => expect(a.state()).toMatchObject({ phase: "connected" }));
});

test("a redirect to a service with a trusted certificate of its own is not followed", async () => {
  const { tls, caFile } = certificatesFor("DNS:localhost");
  const other = certificatesFor("IP:127.0.0.1");
  const { port } = await service({ tls: other.tls });
  const both = await bothAuthorities(caFile, other.caFile);
  const a = node("a", tlsService(await leadsTo(tls, `127.0.0.1:${port}`), both, "localhost"));
  await until(() => expect(errorOf(a.state())).toMatch(/certificate is not trusted.*name it was issued for/));
  expect(a.state().phase).toBe("connecting");
});

test("a host that is named like a scheme is a host", async () => {
  const a = node("a", { ...plainService(1), host: "unix" });
  await until(() => expect(errorOf(a.state())).toMatch(/cannot be reached.*resol/i));
});

async function bothAuthorities(...files: string[]): Promise<string> {
  const path = join(await temporaryFolder(), "both.pem");
  await writeFile(path, (await Promise.all(files.map((file) => readFile(file)))).join("\n"));
  return path;
}

test.each([
  ["does not exist", "/nonexistent/ca.pem"],
  ["holds no certificate", "/etc/hostname"],
])("a CA file that %s is named", async (reason, caFile) => {
  const { port } = await service();
  const a = node("a", tlsService(port, caFile));
  await until(() => expect(errorOf(a.state())).toContain(`${caFile} ${reason}`));
});
