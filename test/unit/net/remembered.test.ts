import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { parsePrefix } from "../../../src/net/index.ts";
import { Remembered } from "../../../src/net/remembered.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: unknown = runInNewContext("gc");

function heapUsed(): number {
  if (typeof collectGarbage === "function") collectGarbage();
  return process.memoryUsage().heapUsed;
}

describe("Remembered", () => {
  it("computes once, and again after it had to forget", () => {
    let computed = 0;
    const lengths = new Remembered((text: string) => ++computed && text.length);
    for (let turn = 0; turn < 2; turn++) expect(lengths.get("12345")).toBe(5);
    expect(computed).toBe(1);
    for (let index = 0; index < 20_000; index++) lengths.get(`text ${index}`);
    expect(lengths.get("12345")).toBe(5);
    expect(computed).toBe(20_002);
  });

  it("keeps a prefix, and not the megabyte that it was read from", () => {
    const before = heapUsed();
    for (let index = 0; index < 100; index++) {
      const output = `${"x".repeat(500_000 + index)}\t198.18.${index}.0/24\t${"y".repeat(500_000)}`;
      expect(parsePrefix(output.split("\t")[1] ?? "")).toBe(`198.18.${index}.0/24`);
    }
    expect(heapUsed() - before).toBeLessThan(20_000_000);
  });
});
