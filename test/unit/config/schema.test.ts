import { expect, test } from "vitest";
import {
  configSchema,
  descriptions,
  kinds,
  referenceText,
  settingsOf,
} from "../../../src/config/schema/index.ts";
import { textOf } from "../structure/source.ts";

test("every setting has a description, and every description a setting", () => {
  for (const kind of kinds) {
    const paths = settingsOf(kind).map(({ path }) => path);
    expect(paths.length).toBeGreaterThan(0);
    expect(Object.keys(descriptions[kind]).toSorted(), kind).toEqual(paths.toSorted());
  }
});

test("docs/configuration.md has the tables of this schema (npm run generate:reference)", () => {
  const text = textOf("docs/configuration.md");
  expect(text.slice(text.indexOf("## KubeSpanConfig"))).toBe(referenceText());
});

const schema = JSON.parse(JSON.stringify(configSchema())) as {
  anyOf: { properties: Record<string, Record<string, unknown>>; required: string[] }[];
};

test("the JSON Schema has each kind with its settings, their bounds, defaults and descriptions", () => {
  const [mesh, , , , daemon, other] = schema.anyOf;
  expect(daemon?.properties["kind"]).toEqual({ type: "string", const: "KubeSpanDaemonConfig" });
  expect(daemon?.required).toEqual(["apiVersion", "kind"]);
  expect(daemon?.properties["listenPort"]).toEqual({
    type: "integer",
    minimum: 1,
    maximum: 65535,
    default: 51820,
    description: "the UDP port of the link; nodes may have different ones",
  });
  expect(daemon?.properties["stateDirectory"]).toMatchObject({
    type: "string",
    default: "/var/lib/kubespan",
  });
  expect(mesh?.properties["mtu"]).toMatchObject({ default: "auto" });
  expect(other?.properties["kind"]).toEqual({ not: { enum: kinds } });
});
