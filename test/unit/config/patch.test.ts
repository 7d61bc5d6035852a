import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { generateConfig, parseConfig } from "../../../src/config/index.ts";
import { patchConfig } from "../../../src/config/patch/index.ts";

const text = generateConfig({
  random: randomBytes,
  services: [
    { name: "one", url: "https://192.0.2.10:3000/" },
    { name: "two", url: "https://192.0.2.11:3000/" },
  ],
});
const patched = (patch: string, selected?: string): string => patchConfig(text, "FILE", patch, selected);
const config = (patch: string, selected?: string) => parseConfig(patched(patch, selected), "FILE");
const head = (kind: string): string => `apiVersion: v1alpha1\nkind: ${kind}\n`;

describe("a merged patch", () => {
  test("changes what it names, and nothing else of the text", () => {
    const after = patched(`${head("KubeSpanConfig")}mtu: 1400\n`);
    const [before, now] = [text, after].map((each) => each.split("\n"));
    expect(parseConfig(after, "FILE").mtu).toBe(1400);
    expect(now?.filter((line) => !before?.includes(line))).toEqual(["mtu: 1400"]);
    expect(before?.filter((line) => !now?.includes(line))).toEqual([]);
  });

  test("that changes a setting keeps the comments beside it", () => {
    const after = patched(`${head("KubeSpanDaemonConfig")}keepalive: 10\nmembers: {nodeDeletion: ignore}\n`);
    expect(after).toMatch(/^keepalive: 10 +# seconds, 5 to 25/m);
    expect(parseConfig(after, "FILE").members).toEqual({ forgetAfterMinutes: 1440, nodeDeletion: "ignore" });
  });

  test("appends to lists, as Talos does", () => {
    const once = patched(`${head("KubeSpanDaemonConfig")}advertisedPrefixes: [10.244.1.0/24]\n`);
    const twice = patchConfig(
      once,
      "FILE",
      `${head("KubeSpanDaemonConfig")}advertisedPrefixes: [10.244.2.0/24]\n`,
    );
    expect(parseConfig(twice, "FILE").advertisedPrefixes).toEqual(["10.244.1.0/24", "10.244.2.0/24"]);
  });

  test("finds documents of one kind by their names, and adds those that are not there", () => {
    const { services } = config(
      `${head("DiscoveryServiceConfig")}name: two\nendpoint: https://two.example/\n---\n` +
        `${head("DiscoveryServiceConfig")}name: three\nendpoint: https://three.example/\n`,
    );
    expect(services.map(({ name, host }) => `${name} ${host}`)).toEqual([
      "one 192.0.2.10",
      "two two.example",
      "three three.example",
    ]);
  });

  test("deletes a document, or a part of one", () => {
    expect(config(`${head("DiscoveryServiceConfig")}name: one\n$patch: delete\n`).services).toHaveLength(1);
    const once = patched(`${head("KubeSpanConfig")}filters: {endpoints: ["0.0.0.0/0"]}\n`);
    expect(parseConfig(once, "FILE").endpointFilters).toHaveLength(1);
    const twice = patchConfig(once, "FILE", `${head("KubeSpanConfig")}filters: {$patch: delete}\n`);
    expect(parseConfig(twice, "FILE").endpointFilters).toEqual([]);
  });

  test("of a machine configuration of Talos goes to the document without a kind", () => {
    const machine = "machine:\n  type: worker # here\ncluster:\n  id: x\n";
    expect(patchConfig(machine, "FILE", "cluster: {secret: y}\n")).toBe(`${machine}  secret: y\n`);
  });

  test("leaves documents of other kinds as they are written", () => {
    const foreign = "---\napiVersion: v1\nkind: Other\nx:   [ 1,2 ] # odd\n";
    expect(patchConfig(`${text}${foreign}`, "FILE", `${head("KubeSpanConfig")}mtu: 1400\n`)).toContain(
      foreign.slice(4),
    );
  });

  test("is the same after it was made twice, unless it has lists", () => {
    const setting = fc.record({ mtu: fc.integer({ min: 1280, max: 9000 }), enabled: fc.boolean() });
    fc.assert(
      fc.property(setting, ({ mtu, enabled }) => {
        const patch = `${head("KubeSpanConfig")}mtu: ${mtu}\nenabled: ${enabled}\n`;
        const once = patched(patch);
        expect(patchConfig(once, "FILE", patch)).toBe(once);
        expect(parseConfig(once, "FILE")).toMatchObject({ mtu, enabled });
      }),
      { numRuns: 30 },
    );
  });
});

describe("a JSON patch", () => {
  test("changes the document that is chosen", () => {
    const patch =
      '[{"op": "test", "path": "/keepalive", "value": 25}, {"op": "replace", "path": "/keepalive", "value": 7}]';
    expect(config(patch, "KubeSpanDaemonConfig").keepalive).toBe(7);
    const other = '[{"op": "replace", "path": "/endpoint", "value": "https://two.example/"}]';
    expect(config(other, "DiscoveryServiceConfig/two").services[1]?.host).toBe("two.example");
  });

  test.each([
    [
      "without a choice among several",
      '[{"op": "remove", "path": "/mtu"}]',
      undefined,
      "more than one is meant",
    ],
    ["of a document that is not there", '[{"op": "remove", "path": "/mtu"}]', "Other", "none is meant"],
    ["of a place that is not there", '[{"op": "remove", "path": "/x"}]', "KubeSpanConfig", "no such place"],
    [
      "whose test fails",
      '[{"op": "test", "path": "/enabled", "value": 1}]',
      "KubeSpanConfig",
      "another value",
    ],
    ["that is a list of something else", "[1]", "KubeSpanConfig", "no JSON patch"],
    [
      "that would reach a prototype",
      '[{"op": "add", "path": "/__proto__/x", "value": 1}]',
      "KubeSpanConfig",
      "no JSON patch",
    ],
  ])("%s is refused", (_, patch, selected, reason) => {
    expect(() => patched(patch, selected)).toThrow(reason);
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });
});

test.each([
  ["", "the patch is empty"],
  ["a", "is no map"],
  ["a: [", "the configuration has"],
  [`${head("Other")}$patch: delete\n`, "no document"],
])("the patch %j is refused", (patch, reason) => {
  expect(() => patched(patch)).toThrow(reason);
});

test("no patch, whatever it is, does anything but give a text or a reason", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.jsonValue().map((value) => JSON.stringify([value])),
      ),
      (patch) => {
        try {
          patched(patch, patch.startsWith("[") ? "KubeSpanConfig" : undefined);
        } catch (error) {
          expect((error as Error).name).toBe("KubespanError");
        }
      },
    ),
    { numRuns: 300 },
  );
});
