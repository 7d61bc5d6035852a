import { readTextFile } from "../../system/index.ts";

/** Reads a small text file; `undefined` if it does not exist or cannot be read. */
export const textOf = (path: string): Promise<string | undefined> =>
  readTextFile(path, { largest: 1024 * 1024, code: "config", hint: "" }).then(
    (file) => file?.text,
    () => undefined, // a fact that cannot be had is reported by its check
  );
