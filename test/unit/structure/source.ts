import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** The root of the repository. */
export const root = new URL("../../../", import.meta.url).pathname;

/** One import, re-export or lazy import of a file that lies in this repository. Paths are relative to its root. */
export interface Import {
  readonly from: string;
  readonly to: string;
}

const specifier = /(?:\bfrom\s+|\bimport\(\s*|\bimport\s+)"(\.[^"]+)"/g;

/** All files of these folders that people write; what is generated has its own shape. */
export const filesIn = (...folders: readonly string[]): string[] =>
  folders.flatMap((folder) =>
    globSync(`${folder}/**/*.ts`, { cwd: root }).filter((file) => !file.includes("/generated/")),
  );

export const textOf = (file: string): string => readFileSync(join(root, file), "utf8");

export const importsOf = (file: string): Import[] =>
  [...textOf(file).matchAll(specifier)].map(([, path = ""]) => ({
    from: file,
    to: normalize(join(dirname(file), path)),
  }));

/** The folder directly in src/ in which a file lies; `undefined` for main.ts and for what is elsewhere. */
export const roomOf = (file: string): string | undefined => /^src\/([^/]+)\//.exec(file)?.[1];
