import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readOptions, usage } from "../../../bench/marking/options.ts";
import { plot } from "../../../bench/marking/plot.ts";
import { temporaryFolder } from "../temporary-folder.ts";

test("the options of bench:marking have defaults, and help has all of them", async () => {
  expect(readOptions([])).toEqual({
    peers: [10, 100, 300, 1000, 3000],
    repetitions: 5,
    milliseconds: 40,
    frameBytes: 64,
    own: [],
    form: "table",
    write: undefined,
  });
  expect(readOptions(["--quick", "--csv"])).toMatchObject({ peers: [10, 300], repetitions: 3, form: "csv" });
  const file = join(await temporaryFolder(), "mine.nft");
  await writeFile(file, "table inet mine { }");
  expect(readOptions(["--layout", file])?.own).toMatchObject([{ name: "mine" }]);
  expect(readOptions(["--help"])).toBeUndefined();
  for (const option of [
    "peers",
    "repetitions",
    "milliseconds",
    "size",
    "layout",
    "quick",
    "csv",
    "json",
    "write",
  ])
    expect(usage).toContain(`--${option}`);
  expect(usage.split("\n").filter((line) => line.length > 80)).toEqual([]);
});

test.each([
  [["--peers", "ten"], /--peers ten: it has to be a number from 1 to 5000/],
  [["--peers", "10,"], /--peers/],
  [["--repetitions", "0"], /--repetitions 0/],
  [["--size", "9000"], /--size 9000: .* from 64 to 1498/],
  [["--layout", "/nowhere/mine.nft"], /--layout .*ENOENT/],
  [["--layout", "/tmp/My Rules.nft"], /name of the file/],
  [["--csv", "--json"], /exclude each other/],
  [["--bench"], /--bench/],
])("%j is refused", (args, reason) => {
  expect(() => readOptions(args)).toThrow(reason);
});

const panel = (...sizes: number[]) => ({
  title: "hit",
  lines: ["ours", "ipset"].map((name) => ({ name, points: sizes.map((x) => ({ x, y: 0.9 })) })),
});

test("a plot of one size has bars, one of several has lines", () => {
  const [one, several] = [plot("all", [panel(10)]), plot("all", [panel(10, 100)])];
  expect(one.match(/<rect x=/g)).toHaveLength(2);
  expect(one).not.toContain("polyline");
  expect(several.match(/<polyline/g)).toHaveLength(2);
  expect(several).not.toContain("<rect x=");
});
