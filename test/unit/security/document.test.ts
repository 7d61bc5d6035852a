import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../../..");
const text = readFileSync(join(root, "docs/security.md"), "utf8");
const named = [...text.matchAll(/`((?:unit|netns|vm|kubernetes|cni|etcd|interop)\/[\w./-]+)`/g)].map(
  ([, name]) => name ?? "",
);

describe("docs/security.md", () => {
  test("names tests that exist", () => {
    expect(named.length).toBeGreaterThan(50);
    expect(named.filter((name) => !existsSync(join(root, "test", name)))).toEqual([]);
  });

  test("has no line about who may do what without a test, or without saying that there is none", () => {
    const rows = text.split("\n").filter((line) => /^\| (?!may \||asset|fault|---)/.test(line));
    const claims = rows.slice(rows.findIndex((row) => row.includes("know cluster ids")));
    expect(claims.length).toBeGreaterThan(30);
    expect(claims.filter((row) => !/`(?:unit|netns)\/|not tested here/.test(row))).toEqual([]);
  });

  test("names every file that opens a socket at which others may be heard", () => {
    const source = join(root, "src");
    const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".ts"),
    );
    const opening = files.filter((name) =>
      /\bcreate(?:Plain|Secure)?(?:Socket|Server)\(/.test(readFileSync(join(source, name), "utf8")),
    );
    expect(opening.length).toBeGreaterThan(5);
    expect(opening.filter((name) => !text.includes(`\`src/${name}\``))).toEqual([]);
  });

  test("names every test of the suite", () => {
    const suite = readdirSync(import.meta.dirname).filter(
      (name) => name.endsWith(".test.ts") && name !== "document.test.ts",
    );
    expect(suite.filter((name) => !named.includes(`unit/security/${name}`))).toEqual([]);
  });
});
