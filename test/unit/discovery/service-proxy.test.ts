import { expect, test, vi } from "vitest";
import type { ServiceConfig } from "../../../src/config/config.ts";
import { environmentProxies } from "../../../src/config/proxy.ts";
import { errorOf } from "../../../src/discovery/registry-state.ts";
import { certificatesFor } from "./certificates.ts";
import { ConnectProxy } from "./connect-proxy.ts";
import { idsOf, node, plainService, service, until } from "./loopback.ts";

/*
 *   a registry --- a proxy that knows the name service.test --- a real service
 */
const through = (
  port: number,
  environment: Readonly<Record<string, string>>,
  more: Partial<ServiceConfig> = {},
): ServiceConfig => ({
  ...plainService(port),
  host: "service.test",
  proxies: environmentProxies(environment).proxies,
  ...more,
});

test("a service without TLS is reached through HTTP_PROXY, and sees the proxy's address, which is not ours", async () => {
  const [proxy, { port }] = [await ConnectProxy.open(), await service()];
  const a = node("a", through(port, { HTTP_PROXY: proxy.url() }));
  const b = node("b", port);
  await until(() => expect([idsOf(a), idsOf(b)]).toEqual([["b"], ["a"]]));
  expect(a.state()).toMatchObject({ location: `http://service.test:${port}`, reachedAt: "127.0.0.1" });
  expect(a.state().reflected).toBeUndefined();
  expect(b.state().reflected).toBe("127.0.0.1");
  expect(new Set(proxy.asked)).toEqual(new Set([`service.test:${port}`]));
  await a.withdraw();
  await until(() => expect(idsOf(b)).toEqual([]));
});

test("a service with TLS is reached through HTTPS_PROXY, with user and password; the certificate is the service's", async () => {
  const { tls, caFile } = certificatesFor("DNS:service.test");
  const [proxy, { port }] = [await ConnectProxy.open("me:p@ss:w%rd"), await service({ tls })];
  const environment = { https_proxy: proxy.url("me:p%40ss:w%25rd") };
  const a = node("a", through(port, environment, { tls: true, caFile }));
  await until(() => expect(a.state()).toMatchObject({ phase: "connected" }));
  const other = node("b", through(port, environment, { tls: true, caFile, host: "other.test" }));
  await until(() => expect(errorOf(other.state())).toMatch(/name it was issued for/));
});

test("a proxy that asks for another password is named, and the password is not", async () => {
  const [proxy, { port }] = [await ConnectProxy.open("me:right"), await service()];
  const a = node("a", through(port, { http_proxy: proxy.url("me:hunter2") }));
  await until(() =>
    expect(errorOf(a.state())).toMatch(
      new RegExp(
        `service.test:${port} cannot be reached through the proxy http://127.0.0.1:${proxy.port}: it answers 407 Proxy Auth.*HTTPS_PROXY`,
      ),
    ),
  );
  expect(JSON.stringify(a.state())).not.toMatch(/hunter2|Basic/);
});

test("a proxy that is not there is named; so is one behind which the service does not answer as it should", async () => {
  const { port } = await service();
  const gone = node("a", through(port, { http_proxy: "http://127.0.0.1:1" }));
  await until(() =>
    expect(errorOf(gone.state())).toMatch(/through the proxy http:\/\/127.0.0.1:1: .*ECONNREFUSED/),
  );
  const proxy = await ConnectProxy.open();
  const tls = node("b", through(port, { https_proxy: proxy.url() }, { tls: true }));
  await until(() => expect(errorOf(tls.state())).toMatch(/\(through the proxy http:.*may not speak TLS/));
});

test("the library's own rules for the environment do not count", async () => {
  const [proxy, { port }] = [await ConnectProxy.open(), await service()];
  for (const name of ["grpc_proxy", "https_proxy", "http_proxy"]) vi.stubEnv(name, proxy.url());
  try {
    const a = node("a", port);
    await until(() => expect(a.state()).toMatchObject({ phase: "connected" }));
    const except = node("b", {
      ...through(port, { http_proxy: "http://127.0.0.1:1", NO_PROXY: "*" }),
      host: "localhost",
    });
    await until(() => expect(except.state()).toMatchObject({ phase: "connected" }));
    expect(proxy.asked).toEqual([]);
  } finally {
    vi.unstubAllEnvs();
  }
});
