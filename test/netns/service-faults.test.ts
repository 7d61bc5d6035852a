import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LabAuthority } from "../../lab/certificates.ts";
import { Discovery, Lab, type LabNode, newCluster, publicNetwork, waitFor } from "../../lab/index.ts";
import { errorOf } from "../../src/discovery/index.ts";
import type { Finding } from "../../src/doctor/index.ts";

/*
 * What an operator is told of discovery services that cannot be used, all of them in the configuration of one node.
 *
 *   a 203.0.113.1   b 203.0.113.2   services 203.0.113.10, .11 and .12 with TLS, .9 in plaintext
 *   ===+================+================+=============================+=== internet
 */
let lab: Lab;
let a: LabNode;
let b: LabNode;
let plaintext: Discovery;

const services = {
  "https://203.0.113.10:3000/": {
    said: /its certificate has expired/,
    cure: /renew it; if it is valid still, set the clock of this node/,
  },
  "https://203.0.113.11:3000/": {
    said: /its certificate is not valid yet/,
    cure: /set the clock of this node if that is behind/,
  },
  "https://203.0.113.12:3000/": {
    said: /its certificate is not trusted: no authority that this node knows has issued it/,
    cure: /name the PEM file of its authority in serviceCAFiles/,
  },
  "http://203.0.113.12:3000/": {
    said: /it closed the connection at once/,
    cure: /if it speaks TLS, the endpoint begins with https/,
  },
  "https://203.0.113.9:3000/": {
    said: /it does not speak TLS there/,
    cure: /check the port, and https or http in the endpoint/,
  },
  "https://discovery.invalid:3000/": {
    said: /its name does not resolve here/,
    cure: /check the name in the endpoint, and the DNS of this node/,
  },
} as const;
const urls = Object.keys(services) as (keyof typeof services)[];

/** What only libraries say, or a key that does not exist. */
const foreign =
  /LB pick|DEP0\d+|--use-system-ca|\bcaFile\b|SSL|ECONN|ENOTFOUND|EAI_|gRPC|Resolution note|^ +at \S+/m;

/** A table's cells as one line. */
const flat = (text: string): string => text.replace(/\s+/g, " ");

beforeAll(async () => {
  lab = await Lab.open();
  const { discovery, host } = await publicNetwork(lab);
  plaintext = discovery;
  [a, b] = [await host("a", 1), await host("b", 2)];
  const authority = await LabAuthority.create();
  await a.namespace.write("/run/ca.pem", authority.certificate);
  const now = Date.now();
  const day = 86_400_000;
  for (const [number, from, until] of [
    [10, now - 9 * day, now - day],
    [11, now + day, now + 9 * day],
    [12, now - day, now + 9 * day],
  ] as const) {
    const node = await host(`service-${number}`, number);
    const address = `203.0.113.${number}`;
    const { cert, key } = await authority.issue(address, { from: new Date(from), until: new Date(until) });
    await node.namespace.write("/run/cert.pem", cert);
    await node.namespace.write("/run/key.pem", key);
    await new Discovery(node, address, { tls: { cert: "/run/cert.pem", key: "/run/key.pem" } }).start();
  }
  const known = { "service-0": "/run/ca.pem", "service-1": "/run/ca.pem" };
  await a.start({ cluster: newCluster(), services: urls, daemon: { serviceCAFiles: known } });
});

afterAll(() => lab.close());

const told = async (): Promise<string[]> => (await a.daemon.log()).split("\n");

describe.each(urls)("of %s", (url) => {
  const { said, cure } = services[url];
  const isOf = (text: string): boolean => text.includes(url.replace(/\/$/, ""));

  const isThat = (line: string): boolean => isOf(line) && said.test(line);

  it("status says what is wrong, and what to do", async () => {
    const { registries } = await a.daemon.waitForStatus("the fault", (status) =>
      status.registries.some((each) => isOf(errorOf(each) ?? "") && said.test(errorOf(each) ?? "")),
    );
    const errors = registries.map((each) => errorOf(each) ?? "").filter(isOf);
    expect(errors).toEqual([expect.stringMatching(cure)]);
    expect(errors.join()).not.toMatch(foreign);
    const { stdout } = await a.daemon.command("status");
    expect(flat(stdout)).toMatch(said);
    expect(flat(stdout)).toMatch(cure);
  });

  it("the log says it once", async () => {
    await waitFor(async () => (await told()).some(isThat), { what: "the fault in the log" });
    expect((await told()).filter(isThat)).toEqual([expect.stringMatching(cure)]);
  });
});

it("doctor says the same, each with its cure, in words of its own", async () => {
  const { stdout, exitCode } = await a.daemon.command("doctor", "-o", "json");
  const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] };
  expect(exitCode).toBe(11);
  for (const [url, { said, cure }] of Object.entries(services)) {
    const of = findings.filter(({ id }) => id.startsWith(`discovery.${url.replace(/\/$/, "")}`));
    expect(of, url).toHaveLength(1);
    const text = JSON.stringify(of);
    expect([url, text]).toEqual([url, expect.stringMatching(said)]);
    expect([url, text]).toEqual([url, expect.stringMatching(cure)]);
    expect(text).not.toMatch(foreign);
  }
});

it("nothing in the log is in the words of a library", async () => {
  expect(await a.daemon.log()).not.toMatch(foreign);
});

it("another clusterID is named where nobody else is known", async () => {
  const cluster = newCluster();
  await b.start({ cluster, services: [plaintext.url] });
  await b.daemon.waitForStatus("the service", ({ registries }) =>
    registries.some(({ phase }) => phase === "connected"),
  );
  const { stdout } = await b.daemon.command("doctor");
  expect(flat(stdout)).toMatch(/knows no other node by this clusterID.*compare clusterID/);
});
