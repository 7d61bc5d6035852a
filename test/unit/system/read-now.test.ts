import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { readTextNow } from "../../../src/system/index.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const ours = { largest: 4, followsLinks: false };

test("a small file is read at once, and nothing else", async () => {
  const folder = await temporaryFolder();
  const at = (name: string): string => join(folder, name);
  writeFileSync(at("small"), "äb");
  writeFileSync(at("large"), "abcde");
  mkdirSync(at("folder"));
  symlinkSync("small", at("link"));
  await execa("mkfifo", [at("pipe")]);
  expect(readTextNow(at("small"), ours)).toBe("äb");
  expect(readTextNow(at("link"), { ...ours, followsLinks: true })).toBe("äb");
  for (const name of ["large", "folder", "link", "pipe", "none"])
    expect(readTextNow(at(name), ours), name).toBeUndefined();
});
