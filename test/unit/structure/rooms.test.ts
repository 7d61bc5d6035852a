import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { filesIn, type Import, importsOf, roomOf, root, textOf } from "./source.ts";

const sources = filesIn("src");
const imports = [...sources, ...filesIn("sim", "bench", "demo", "lab")].flatMap(importsOf);

/** A file may use what lies beside it and in the folders around it; any other folder is entered by its face. */
function isPastFace({ from, to }: Import): boolean {
  const [own, folder] = [dirname(from), dirname(to)];
  const isInside = own === folder || own.startsWith(`${folder}/`) || folder.endsWith("/generated");
  return to.startsWith("src/") && !isInside && basename(to) !== "index.ts";
}

test("nothing is imported past the face of a folder", () => {
  expect(imports.length).toBeGreaterThan(1_000);
  expect(imports.filter(isPastFace)).toEqual([]);
});

test.each([
  ["src/mesh/decide.ts", "src/peers/index.ts", false],
  ["src/mesh/decide.ts", "src/peers/step.ts", true],
  ["src/mesh/decide.ts", "src/mesh/plan.ts", false],
  ["src/port/effects/racer.ts", "src/port/pin.ts", false],
  ["src/port/pin.ts", "src/port/effects/racer.ts", true],
  ["lab/node.ts", "src/net/prefix.ts", true],
  ["src/main.ts", "src/cli/run.ts", true],
])("from %s to %s is past a face: %s", (from, to, expected) => {
  expect(isPastFace({ from, to })).toBe(expected);
});

const rooms = new Map<string, Set<string>>();
for (const { from, to } of sources.flatMap(importsOf)) {
  const [room, other] = [roomOf(from), roomOf(to)];
  if (room === undefined || other === undefined || room === other) continue;
  rooms.set(room, (rooms.get(room) ?? new Set()).add(other));
}

/** Every room that can be reached from this one, by any number of imports. */
function reachable(room: string, seen = new Set<string>()): ReadonlySet<string> {
  for (const next of rooms.get(room) ?? []) if (!seen.has(next)) reachable(next, seen.add(next));
  return seen;
}

test("no room depends on itself by way of others, so a walk of imports returns to no room", () => {
  expect(rooms.size).toBeGreaterThan(15);
  expect([...rooms.keys()].filter((room) => reachable(room).has(room))).toEqual([]);
});

test("the largest room holds less than a fifth of src", () => {
  const lines = Map.groupBy(sources, (file) => roomOf(file) ?? "");
  const sizes = [...lines].map(([room, files]) => ({
    room,
    lines: files.reduce((sum, file) => sum + textOf(file).split("\n").length, 0),
  }));
  const all = sizes.reduce((sum, each) => sum + each.lines, 0);
  expect(sizes.filter((each) => each.lines >= all / 5)).toEqual([]);
});

test("a kind of registry is known to the list of kinds alone, and to the doctor, which asks it by itself", () => {
  const kind = "src/discovery/kubernetes/";
  const outside = sources.filter((file) => !file.startsWith(kind)).flatMap(importsOf);
  const knowing = new Set(outside.filter(({ to }) => to.startsWith(kind)).map(({ from }) => from));
  expect([...knowing].sort()).toEqual(["src/daemon/registries.ts", "src/doctor/effects/kubernetes.ts"]);
});

/** Folders that hold no code of ours, or what was made by a command. */
const unlisted = new Set(["docs", "node_modules", "dist", "coverage"]);

const table = /^## Folders\n([\s\S]*?)\n## /m.exec(textOf("docs/architecture.md"))?.[1] ?? "";
const listed = [...table.matchAll(/^\|([^|]*)\|/gm)].flatMap(([, cell = ""]) =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
);

const foldersIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => join(folder, entry.name));

test("the table of folders in docs/architecture.md lists every room and every other folder, and nothing else", () => {
  const top = foldersIn("").filter(
    (folder) => !unlisted.has(folder) && folder !== "src" && folder !== "test",
  );
  const folders = [...foldersIn("src"), ...foldersIn("test"), ...top];
  expect(folders.filter((folder) => !listed.includes(folder))).toEqual([]);
  expect(listed.filter((name) => !existsSync(join(root, name)))).toEqual([]);
});
