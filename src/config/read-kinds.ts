import { z } from "zod";
import { uncompiled } from "../base/index.ts";
import type { MachineType } from "./config.ts";
import { type KindName, type KindValue, machineTypes, schemas } from "./kinds.ts";
import { type Notice, type Problem, shown, suggestion } from "./problem.ts";
import { isTalosMachine, readTalosMachine } from "./talos-machine.ts";
import type { SourceDocument } from "./yaml-source.ts";

/** A document of a known kind. `value` is absent when the document was refused; the problems say why. */
export interface KindDocument<K extends KindName> {
  readonly source: SourceDocument;
  readonly value?: KindValue<K>;
}

export interface KindDocuments {
  /** The problems of documents without a kind, or with one that is misspelt. */
  readonly unknown: readonly Problem[];
  /** The documents of kinds that are none of ours. */
  readonly foreign: readonly SourceDocument[];
  readonly notices: readonly Notice[];
  /** The type of the machine in a machine configuration of Talos. */
  readonly machineType: MachineType | undefined;
  /** The problems of fields in documents of known kinds. */
  readonly problems: readonly Problem[];
  readonly kubespan: readonly KindDocument<"KubeSpanConfig">[];
  readonly endpoints: readonly KindDocument<"KubeSpanEndpointsConfig">[];
  readonly identity: readonly KindDocument<"DiscoveryIdentityConfig">[];
  readonly services: readonly KindDocument<"DiscoveryServiceConfig">[];
  readonly daemon: readonly KindDocument<"KubeSpanDaemonConfig">[];
}

const kindNames = Object.keys(schemas) as KindName[];

/** Sorts documents by their kind and checks each against the schema of its kind. */
export function readKinds(given: readonly SourceDocument[]): KindDocuments {
  const problems: Problem[] = [];
  const all = given.map(withPresentKind);
  const machines = all.filter(isTalosMachine).map(readTalosMachine);
  const documents = [
    ...all.filter((source) => !isTalosMachine(source)),
    ...machines.flatMap((machine) => machine.documents),
  ];
  const read = <K extends KindName>(kind: K): KindDocument<K>[] =>
    documents
      .filter((source) => kindOf(source) === kind)
      .map((source) => {
        const result = z.safeParse(schemas[kind], valueOf(source), uncompiled);
        if (result.success) return { source, value: result.data as KindValue<K> };
        problems.push(...result.error.issues.flatMap((issue) => issueProblems(issue, schemas[kind], source)));
        return { source };
      });
  return {
    unknown: documents.flatMap(kindProblem),
    foreign: documents.filter(isForeign),
    notices: machines.flatMap(({ notices }) => notices),
    machineType: machines.map(({ machineType }) => machineTypes.safeParse(machineType).data).find(Boolean),
    kubespan: read("KubeSpanConfig"),
    endpoints: read("KubeSpanEndpointsConfig"),
    identity: read("DiscoveryIdentityConfig"),
    services: read("DiscoveryServiceConfig"),
    daemon: read("KubeSpanDaemonConfig"),
    problems,
  };
}

/** Talos 1.8 spelt one of the kinds otherwise. */
function withPresentKind(source: SourceDocument): SourceDocument {
  if (kindOf(source) !== "KubespanEndpointsConfig") return source;
  return { ...source, value: { ...Object(source.value), kind: "KubeSpanEndpointsConfig" } };
}

function kindOf({ value }: SourceDocument): unknown {
  return typeof value === "object" && value !== null && "kind" in value ? value.kind : undefined;
}

/** A document of another program, which Talos allows in the same file. A kind that is nearly one of ours is misspelt. */
function isForeign(source: SourceDocument): boolean {
  const kind = kindOf(source);
  return typeof kind === "string" && !Object.hasOwn(schemas, kind) && suggestion(kind, kindNames) === "";
}

/** The kinds that hold nothing but texts. */
const kindsOfText: ReadonlySet<unknown> = new Set(["DiscoveryIdentityConfig", "DiscoveryServiceConfig"]);

/** What a document says. Where a text has to stand, a number is what it is written with, as for Talos' reader. */
function valueOf(source: SourceDocument): unknown {
  const value = withoutEmpty(source.value);
  if (!kindsOfText.has(kindOf(source))) return value;
  return Object.fromEntries(
    Object.entries(Object(value)).map(([name, inner]) => [name, source.textOf([name]) ?? inner]),
  );
}

/** A value without the keys of maps that are empty: they are as good as absent, as they are for Talos. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(kept.map(([name, inner]) => [name, withoutEmpty(inner)]));
}

function kindProblem(source: SourceDocument): Problem[] {
  const { value, offset } = source;
  const expected = `expected one of ${kindNames.join(", ")}`;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return [{ offset, text: `the document is ${shown(value)}; expected a map with apiVersion and kind` }];
  const kind = kindOf(source);
  if (kind === undefined) {
    const near = Object.keys(value).find((name) => suggestion(name, ["kind"]) !== "");
    const hint = near === undefined ? "" : ` (did you mean it with ${shown(near)}?)`;
    return [{ offset, text: `kind is missing; ${expected}${hint}` }];
  }
  if (isForeign(source) || (typeof kind === "string" && Object.hasOwn(schemas, kind))) return [];
  const hint = typeof kind === "string" ? suggestion(kind, kindNames) : "";
  return [{ offset: source.offsetOf(["kind"]), text: `kind is ${shown(kind)}; ${expected}${hint}` }];
}

function issueProblems(issue: z.core.$ZodIssue, schema: z.ZodType, source: SourceDocument): Problem[] {
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(schema, issue.path);
    return issue.keys.map((name) => ({
      offset: source.offsetOf([...issue.path, name], "key"),
      text: `${pathText([...issue.path, name])} is not known here${whereKeyBelongs(name, known)}`,
    }));
  }
  return [{ offset: source.offsetOf(issue.path), text: `${pathText(issue.path)} ${issue.message}` }];
}

/** A suggestion for an unknown key: a key of this map if it is misspelt, or the other kind that has this key. */
function whereKeyBelongs(name: string, known: readonly string[]): string {
  const near = suggestion(name, known);
  if (near !== "") return near;
  const owner = kindNames.find((kind) => Object.hasOwn(schemas[kind].shape, name));
  return owner === undefined
    ? `; expected one of ${known.join(", ")}`
    : `; it belongs in a ${owner} document`;
}

/**
 * The path of a field, as `filters.endpoints[0]`. A name that is not a plain word is quoted, since it may be anything.
 */
function pathText(path: readonly PropertyKey[]): string {
  const parts = path.map((step) => {
    if (typeof step === "number") return `[${step}]`;
    const name = String(step);
    const isPlain = /^[A-Za-z][A-Za-z0-9]*$/.test(name) && shown(name) === JSON.stringify(name);
    return isPlain ? `.${name}` : `.${shown(name)}`;
  });
  return parts.join("").replace(/^\./, "");
}

/** The keys of the map at a path of a schema. */
function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: unknown = unwrapped(schema);
  for (const step of path) at = at instanceof z.ZodObject ? unwrapped(at.shape[String(step)]) : undefined;
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

function unwrapped(schema: unknown): unknown {
  let at = schema;
  while (at instanceof z.ZodOptional || at instanceof z.ZodDefault || at instanceof z.ZodPrefault)
    at = at.unwrap();
  return at;
}
