import { existsSync, globSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { root, textOf } from "./source.ts";

const documents = [...globSync("*.md", { cwd: root }), ...globSync("docs/**/*.md", { cwd: root })];

/** The files to which the links of a document lead, from the root; links to other sites, and within it, are left out. */
const linkedIn = (file: string): string[] =>
  [...textOf(file).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => join(dirname(file), target));

/** The heading as a link names it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");

const anchorsIn = (file: string): ReadonlySet<string> =>
  new Set([...textOf(file).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => anchorOf(heading)));

test("every link of the documents leads to a file that is there", () => {
  const all = documents.flatMap((file) => linkedIn(file).map((target) => ({ file, target })));
  expect(all.length).toBeGreaterThan(100);
  expect(all.filter(({ target }) => !existsSync(join(root, target)))).toEqual([]);
});

test("every link to a heading leads to one", () => {
  const missing = documents.flatMap((file) =>
    [...textOf(file).matchAll(/\]\(([^)#\s]*\.md)?#([^)\s]+)\)/g)].flatMap(([, target, anchor = ""]) => {
      const to = target === undefined ? file : join(dirname(file), target);
      return anchorsIn(to).has(anchor) ? [] : [{ file, to, anchor }];
    }),
  );
  expect(missing).toEqual([]);
});
