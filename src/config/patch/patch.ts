import { Document, isAlias, parseAllDocuments, visit } from "yaml";
import { KubespanError } from "../../base/index.ts";
import { configError, shown } from "../problem.ts";
import { readYaml } from "../yaml-source.ts";
import { asksToDelete, isMap, merged, type Value } from "./merge.ts";
import { operated } from "./operations.ts";
import { writeDifferences } from "./written.ts";

/** A document of the configuration: its text, and what is to stand there afterwards. */
interface Part {
  readonly text: string;
  readonly before: Value;
  readonly after: Value;
}

/**
 * The text of a configuration after a patch, which is one of two kinds, as for Talos: documents that are merged into
 * those with the same kind and name, or a JSON patch (RFC 6902), which is a list, of one document. `selected` names that
 * document, as KIND or KIND/NAME, if there are several. Documents that stay the same stay as they are written.
 */
export function patchConfig(text: string, file: string, patch: string, selected?: string): string {
  const parts = partsOf(text, file);
  const patches = valuesIn(patch, "the patch");
  if (patches.length === 0) throw new KubespanError("usage", "the patch is empty");
  const [first] = patches;
  const isList = patches.length === 1 && Array.isArray(first);
  if (!isList && selected !== undefined)
    throw new KubespanError("usage", "--document is for JSON patches: other patches name the document", {
      hint: "set kind, and name where there are several of a kind, in the patch",
    });
  const patched = isList ? operatedParts(parts, first, selected) : patches.reduce<Part[]>(mergedParts, parts);
  return patched.flatMap(textOf).join("---\n");
}

/** Cuts a configuration into its documents. A document that holds only comments has no values, and stays. */
function partsOf(text: string, file: string): Part[] {
  valuesIn(text, file);
  const documents = parseAllDocuments(text, { logLevel: "silent", stringKeys: true });
  // What stands before a document, such as comments, is its own.
  return documents.map((document, index) => {
    const start = documents[index - 1]?.range[2] ?? 0;
    const own = text.slice(start, document.range[2]).replace(/^---[ \t]*\n/, "");
    const before: Value = document.toJS();
    return { text: own.endsWith("\n") || own === "" ? own : `${own}\n`, before, after: before };
  });
}

/** Reads a text within the bounds of a configuration; the messages never quote it. */
function valuesIn(text: string, name: string): Value[] {
  const { documents, problems, position } = readYaml(text);
  if (problems.length > 0) throw configError(name, problems, position);
  return documents.map(({ value }) => structuredClone(value));
}

const sayKind = (value: Value): string => {
  if (!isMap(value) || value["kind"] === undefined) return "without a kind";
  const { kind, name } = value;
  return `${shown(kind)}${name === undefined ? "" : ` ${shown(name)}`}`;
};

const isSameDocument = (one: Value, other: Value): boolean =>
  isMap(one) && isMap(other) && one["kind"] === other["kind"] && one["name"] === other["name"];

function mergedParts(parts: Part[], patch: Value): Part[] {
  if (!isMap(patch)) throw new KubespanError("usage", "a document of the patch is no map");
  const at = parts.findIndex(({ after }) => isSameDocument(after, patch));
  const part = parts[at];
  if (asksToDelete(patch)) {
    if (part) return parts.toSpliced(at, 1);
    throw new KubespanError("usage", `there is no document ${sayKind(patch)} to delete`);
  }
  if (!part) return [...parts, { text: "", before: undefined, after: merged({}, patch) }];
  return parts.with(at, { ...part, after: merged(part.after, patch) });
}

function operatedParts(parts: Part[], patch: Value, selected: string | undefined): Part[] {
  const [kind, name] = selected?.split(/\/([^]*)/) ?? [];
  const found = parts.flatMap(({ before }, index) =>
    isMap(before) &&
    (kind === undefined || before["kind"] === kind) &&
    (name === undefined || before["name"] === name)
      ? [index]
      : [],
  );
  const [at = -1, another] = found;
  const part = parts[at];
  if (!part || another !== undefined) {
    const kinds = parts.flatMap(({ before }) => (isMap(before) ? [sayKind(before)] : []));
    throw new KubespanError(
      "usage",
      `a JSON patch is for one document, and ${part ? "more than one" : "none"} is meant`,
      { hint: `choose one by --document KIND or KIND/NAME; there are ${kinds.join(", ")}` },
    );
  }
  return parts.with(at, { ...part, after: operated(part.before, patch) });
}

function textOf({ text, before, after }: Part): string[] {
  if (before === after) return [text];
  const [document = new Document(after)] =
    before === undefined ? [] : parseAllDocuments(text, { logLevel: "silent" });
  let hasAliases = false;
  visit(document, (_, node) => {
    hasAliases ||= isAlias(node);
  });
  // A value that stands elsewhere as well cannot be changed here alone.
  if (hasAliases) document.contents = document.createNode(after) as typeof document.contents;
  else if (before !== undefined) writeDifferences(document, before, after);
  return [document.toString({ lineWidth: 0, flowCollectionPadding: false })];
}
