import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Answer } from "../../metrics/effects/index.ts";

/** Nothing but the files beside it, this node's state, and no other page around it. No text becomes markup or a program. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** The headers of everything that is served for the page. */
export const headers: Readonly<Record<string, string>> = {
  "content-security-policy": policy,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
};

/** The folder of the files, beside the bundled program. */
export const bundledFolder = join(import.meta.dirname, "page");

/** Gives a file of the page. It is read when somebody asks for it. */
export const assetOf = (folder: string, name: string, type: string) => async (): Promise<Answer> => ({
  code: 200,
  text: await readFile(join(folder, name), "utf8"),
  type: `${type}; charset=utf-8`,
  headers,
});
