import { hexText } from "../../base/index.ts";
import { type KindName } from "../kinds.ts";
import { kinds, type Schema, type Setting, settingsOf } from "./json-schema.ts";

/** The table of all settings, as docs/configuration.md has it. */
export const referenceText = (): string => kinds.map(tableOf).join("\n");

const tableOf = (kind: KindName): string =>
  [
    `## ${kind}\n`,
    "| setting | values | default | meaning |",
    "|---|---|---|---|",
    ...settingsOf(kind).map(rowOf),
    "",
  ].join("\n");

function rowOf({ path, schema, isRequired, description = "" }: Setting): string {
  const cells = [
    `\`${path}\``,
    valuesOf(schema),
    isRequired ? "required" : defaultText(path, schema),
    description,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

const code = (value: unknown): string => `\`${String(value)}\``;

/** The default as an operator would write it: marks are bits, so they are in hexadecimal. */
function defaultText(path: string, { default: value, type }: Schema): string {
  if (value !== undefined && !Array.isArray(value) && typeof value !== "object")
    return code(path.startsWith("marks.") ? hexText(Number(value)) : value);
  return type === "array" ? "`[]`" : "none";
}

function valuesOf(schema: Schema): string {
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum) return schema.enum.map(code).join(", ");
  if (schema.oneOf) return schema.oneOf.map(valuesOf).join(", ");
  if (schema.type === "boolean") return "`true`, `false`";
  if (schema.type === "array") return "a list";
  if (schema.type === "object") return "a map";
  if (schema.type === "string") return "text";
  const { minimum, maximum } = schema;
  if (maximum !== undefined) return `${minimum ?? 0} to ${maximum}`;
  return minimum === undefined ? "a number" : "a whole number";
}
