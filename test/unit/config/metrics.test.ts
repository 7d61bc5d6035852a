import { expect, test } from "vitest";
import { parseConfig } from "../../../src/config/index.ts";
import { identity } from "./documents.ts";

const metricsOf = (metrics: string) =>
  parseConfig(
    `${identity}---\napiVersion: v1alpha1\nkind: KubeSpanDaemonConfig\nmetrics: ${metrics}\n`,
    "FILE",
  ).metrics;

test("metrics are off unless an address is given", () => {
  expect(metricsOf("{peers: false}")).toBeUndefined();
  expect(metricsOf(`{listen: "127.0.0.1:9586"}`)).toEqual({
    listen: { host: "127.0.0.1", port: 9586 },
    peers: true,
    page: false,
    names: [],
  });
  expect(metricsOf(`{listen: "[::1]:9586", peers: false, page: true, names: [node1]}`)).toEqual({
    listen: { host: "::1", port: 9586 },
    peers: false,
    page: true,
    names: ["node1"],
  });
  expect(() => metricsOf(`{listen: "[::1]:9586", names: ["a b"]}`)).toThrow("expected a host name");
});

test("every address of the node is refused unless that is said", () => {
  for (const host of ["0.0.0.0", "[::]", "[0:0::0]"]) {
    const listen = `listen: "${host}:9586"`;
    expect(() => metricsOf(`{${listen}}`)).toThrow(
      /metrics.listen is every address of this node.*anyAddress: true/,
    );
    expect(metricsOf(`{${listen}, anyAddress: true}`)?.listen.port).toBe(9586);
  }
});

test("what is no address with a port is refused", () => {
  for (const listen of ["9586", `"9586"`, "127.0.0.1", "localhost:9586", "127.0.0.1:0", "127.0.0.1:70000"])
    expect(() => metricsOf(`{listen: ${listen}}`)).toThrow("expected an address and a port");
});
