import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { loadConfig } from "../../../src/config/effects/load.ts";
import { type Config, configSummary, parseConfig } from "../../../src/config/index.ts";
import {
  credentialsOf,
  environmentProxies,
  parseProxy,
  proxiesKey,
  proxyFor,
  proxyUrl,
} from "../../../src/config/proxy.ts";
import { identity as minimal } from "./documents.ts";

describe("the URL of a proxy", () => {
  test.each([
    ["http://proxy.example.org:3128", "proxy.example.org", 3128, undefined],
    ["http://proxy.example.org/", "proxy.example.org", 80, undefined],
    ["proxy.example.org:3128", "proxy.example.org", 3128, undefined],
    [" HTTP://[2001:db8::1]:8080 ", "2001:db8::1", 8080, undefined],
    ["http://me:p%40ss%3Aword@10.0.0.1:3128", "10.0.0.1", 3128, "me:p@ss:word"],
    ["http://me@10.0.0.1", "10.0.0.1", 80, "me:"],
  ])("%s", (text, host, port, credentials) => {
    const proxy = parseProxy(text);
    expect(proxy).toMatchObject({ host, port });
    expect(proxy && credentialsOf(proxy)).toBe(credentials);
    expect(parseProxy(proxy ? proxyUrl(proxy) : "")).toMatchObject({ host, port });
  });

  test.each([
    "",
    "socks5://proxy:1080",
    "https://proxy:3128",
    "http://",
    "http://a:b@c@d",
    "http://x%@y:1",
    "http://h:99999",
  ])("%s is none", (text) => expect(parseProxy(text)).toBeUndefined());

  test("any user and password come through, and are shown by nothing", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.string({ unit: "binary", minLength: 8 }),
        (user, password) => {
          const name = user.replaceAll(":", "").toWellFormed();
          const secret = password.toWellFormed();
          const url = `http://${encodeURIComponent(name)}:${encodeURIComponent(secret)}@proxy:3128`;
          const proxy = parseProxy(url);
          if (!proxy) throw new Error("no proxy");
          expect(credentialsOf(proxy)).toBe(`${name}:${secret}`);
          const again = parseProxy(proxyUrl(proxy));
          expect(again && credentialsOf(again)).toBe(`${name}:${secret}`);
          expect(JSON.stringify(proxy)).toBe('{"host":"proxy","port":3128,"credentials":"[secret]"}');
          expect(inspect(proxy)).toContain("[secret]");
        },
      ),
    );
  });
});

const server = (text: string, tls = true) => {
  const at = text.lastIndexOf(":");
  return { host: text.slice(0, at), port: Number(text.slice(at + 1)), tls };
};
const via = (environment: Record<string, string>, text: string, tls = true): string | undefined =>
  proxyFor(environmentProxies(environment).proxies, server(text, tls))?.host;

describe("the environment", () => {
  test.each<[string, Record<string, string>, boolean, string | undefined]>([
    ["HTTPS_PROXY is for TLS", { HTTPS_PROXY: "http://a", HTTP_PROXY: "http://b" }, true, "a"],
    ["HTTP_PROXY is for the rest", { HTTPS_PROXY: "http://a", HTTP_PROXY: "http://b" }, false, "b"],
    ["one does not stand in for the other", { HTTP_PROXY: "http://b" }, true, undefined],
    ["small letters count first", { HTTPS_PROXY: "http://a", https_proxy: "http://b" }, true, "b"],
    [
      "an empty one in small letters switches it off",
      { HTTPS_PROXY: "http://a", https_proxy: "" },
      true,
      undefined,
    ],
    ["NO_PROXY in capitals", { https_proxy: "http://a", NO_PROXY: "*" }, true, undefined],
    ["no_proxy counts first", { https_proxy: "http://a", NO_PROXY: "*", no_proxy: "x" }, true, "a"],
    ["that of the library alone is not known", { grpc_proxy: "http://a" }, true, undefined],
  ])("%s", (_, environment, tls, expected) => {
    expect(via(environment, "service.example.org:443", tls)).toBe(expected);
  });

  test("a value that is not understood is named, and not shown", () => {
    const { proxies, problems } = environmentProxies({ HTTPS_PROXY: "socks5://me:hunter2@x" });
    expect(proxies).toEqual({ except: [] });
    expect(problems).toEqual([
      "HTTPS_PROXY in the environment is not used: expected http://[user:password@]host[:port], with the port 80 if it names none",
    ]);
  });
});

test.each([
  ["*", "service.example.org:443", true],
  ["service.example.org", "service.example.org:443", true],
  ["example.org", "service.example.org:443", true],
  [".example.org", "service.example.org:443", true],
  ["*.example.org", "service.example.org:443", true],
  ["example.org", "example.org:443", true],
  [".example.org", "example.org:443", false],
  ["ample.org", "service.example.org:443", false],
  ["EXAMPLE.org", "service.example.org:443", true],
  ["example.org:443", "service.example.org:443", true],
  ["example.org:3000", "service.example.org:443", false],
  ["10.0.0.0/8", "10.96.0.1:443", true],
  ["10.0.0.0/8", "11.0.0.1:443", false],
  ["10.96.0.1", "10.96.0.1:443", true],
  ["10.96.0.1:443", "10.96.0.1:443", true],
  ["0.1", "10.96.0.1:443", false],
  ["2001:db8::/32", "2001:db8::7:443", true],
  ["2001:db8::7", "2001:db8::7:443", true],
  ["[2001:db8::7]:443", "2001:db8::7:443", true],
  ["[2001:db8::7]:80", "2001:db8::7:443", false],
  ["other.test, 10.0.0.0/8 \texample.org", "service.example.org:443", true],
  [",,", "service.example.org:443", false],
])("NO_PROXY=%s and %s: direct is %s", (except, text, isDirect) => {
  expect(via({ https_proxy: "http://proxy", no_proxy: except }, text)).toBe(isDirect ? undefined : "proxy");
});

test.each(["localhost:443", "127.0.0.53:443", "::1:443"])("%s is never reached by proxy", (text) => {
  expect(via({ https_proxy: "http://proxy" }, text)).toBeUndefined();
});

const withProxy = (proxy: string): string => `${minimal}---
apiVersion: v1alpha1
kind: DiscoveryServiceConfig
name: one
endpoint: https://service.example.org/
---
apiVersion: v1alpha1
kind: KubeSpanDaemonConfig
kubernetes: {enabled: true}
${proxy}
`;
const proxiesOf = ({ services, kubernetes }: Config) => [services[0]?.proxies, kubernetes?.proxies];
const environment = environmentProxies({ https_proxy: "http://env:1", no_proxy: "x" }).proxies;

describe("the configuration", () => {
  test("without the key, the environment counts for all registries", () => {
    expect(proxiesOf(parseConfig(withProxy(""), "f", environment))).toEqual([environment, environment]);
    expect(proxiesOf(parseConfig(withProxy(""), "f"))).toEqual([undefined, undefined]);
  });

  test("with the key, it counts instead of the environment; none is no proxy", () => {
    const text = withProxy("proxy: {url: 'http://me:hunter2@proxy:3128', except: [10.0.0.0/8, '*.svc']}");
    const config = parseConfig(text, "f", environment);
    const proxy = { host: "proxy", port: 3128 };
    const both = { https: proxy, http: proxy, except: ["10.0.0.0/8", "*.svc"] };
    expect(proxiesOf(config)).toMatchObject([both, both]);
    expect(configSummary(config)).toContain("(TLS, through the proxy http://proxy:3128)");
    expect(`${configSummary(config)}${JSON.stringify(config)}${inspect(config, { depth: 9 })}`).not.toContain(
      "hunter2",
    );
    expect(proxiesOf(parseConfig(withProxy("proxy: {url: none}"), "f", environment))).toEqual([
      undefined,
      undefined,
    ]);
    const other = parseConfig(text.replace("hunter2", "hunter3"), "f");
    expect(proxiesKey(other.services[0]?.proxies)).not.toBe(proxiesKey(config.services[0]?.proxies));
  });

  test.each([
    [
      "proxy: {url: 'socks5://me:hunter2@proxy'}",
      /f:\d+:\d+: proxy.url is not valid; expected http:\/\/\[user/,
    ],
    ["proxy: {url: [hunter2]}", /proxy.url is not text/],
    ["proxy: {except: [x]}", /proxy.except needs url/],
    ["proxy: {url: 'http://x', except: ['a b']}", /proxy.except\[0\] is "a b"/],
  ])("%s is refused, and not shown", (text, reason) => {
    const parse = () => parseConfig(withProxy(text), "f");
    expect(parse).toThrow(reason);
    expect(parse).not.toThrow(/hunter2/);
  });

  test("the file is read with the environment, and what is wrong there is a warning", async () => {
    const folder = await mkdtemp(join(tmpdir(), "kubespan-proxy-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const file = join(folder, "config.yaml");
    await writeFile(file, withProxy(""), { mode: 0o600 });
    vi.stubEnv("https_proxy", "http://env:1");
    vi.stubEnv("http_proxy", "ftp://x");
    const { config, warnings } = await loadConfig(file);
    expect(config.services[0]?.proxies?.https).toEqual({ host: "env", port: 1 });
    expect(warnings).toMatchObject([expect.stringMatching(/^http_proxy in the environment is not used/)]);
  });
});
