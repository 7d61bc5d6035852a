import { z } from "zod";
import { type KindName, schemas } from "../kinds.ts";
import { descriptions } from "./descriptions.ts";

/** A setting as a reader of the reference needs it. */
export interface Setting {
  /** The path in its document, as `filters.endpoints`. */
  readonly path: string;
  readonly isRequired: boolean;
  readonly schema: Schema;
  readonly description: string | undefined;
}

/** The part of JSON Schema that is used here. */
export interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
}

export const kinds = Object.keys(schemas) as KindName[];

/**
 * The JSON Schema of a document of the configuration, for editors. As Talos does, it takes documents of other kinds as
 * they are.
 */
export const configSchema = (): Schema & Readonly<Record<string, unknown>> => ({
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "a document of kubespan's configuration",
  anyOf: [
    ...kinds.map((kind) => described(kind, schemaOf(kind), "")),
    { type: "object", properties: { kind: { not: { enum: kinds } } } },
  ],
});

/** All settings of a kind, in the order of the schema. */
export function settingsOf(kind: KindName): Setting[] {
  return within(kind, schemaOf(kind), "").filter(({ path }) => path !== "apiVersion" && path !== "kind");
}

function within(kind: KindName, { properties = {}, required = [] }: Schema, above: string): Setting[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = above === "" ? name : `${above}.${name}`;
    if (schema.properties) return within(kind, schema, path);
    return [{ path, schema, isRequired: required.includes(name), description: descriptions[kind][path] }];
  });
}

function schemaOf(kind: KindName): Schema {
  const { $schema: _, ...schema } = z.toJSONSchema(schemas[kind], { io: "input", unrepresentable: "any" });
  return withDefaults(schema as Schema, defaultsOf(kind));
}

/** The values of a document that says nothing but what it must; `undefined` for a kind that has no defaults. */
const defaultsOf = (kind: KindName): unknown =>
  schemas[kind].safeParse({ apiVersion: "v1alpha1", kind }).data;

/** Adds the defaults of texts, which the library leaves out where a text means something else than itself. */
function withDefaults(schema: Schema, value: unknown): Schema {
  const { default: _, properties, ...rest } = schema;
  const isPlain = ["string", "number", "boolean"].includes(typeof value) && rest.const === undefined;
  if (!properties) return isPlain ? { ...schema, default: value } : schema;
  const inner = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  return {
    ...rest,
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, each]) => [name, withDefaults(each, inner[name])]),
    ),
  };
}

function described(kind: KindName, schema: Schema, path: string): Schema {
  const description = descriptions[kind][path];
  const { properties } = schema;
  return {
    ...schema,
    ...(description !== undefined && { description }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, each]) => [
          name,
          described(kind, each, path === "" ? name : `${path}.${name}`),
        ]),
      ),
    }),
  };
}
