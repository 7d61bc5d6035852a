import { describe, expect, it } from "vitest";
import { type Command, KubespanError } from "../../../src/base/index.ts";
import { listTable, observeCounts, observeTable } from "../../../src/nftables/effects/index.ts";
import { observedCounts, planTable } from "../../../src/nftables/index.ts";
import { tableText } from "../../../src/nftables/table.ts";
import { observeRacingTable } from "../../../src/port/effects/index.ts";
import { planNoRacing } from "../../../src/port/index.ts";
import type { Runner } from "../../../src/system/index.ts";
import { filesIn, textOf } from "../structure/source.ts";
import { frame } from "./frame.ts";

const failing =
  (message: string): Runner =>
  () =>
    Promise.reject(new KubespanError("command", message));

const looks: readonly [string, (run: Runner, interfaceName: string) => Promise<unknown>, unknown][] = [
  ["the mesh's table", observeTable, { kind: "absent" }],
  ["its counters", observeCounts, observedCounts({ kind: "absent" })],
  ["the table for racing", observeRacingTable, undefined],
];

describe.each(looks)("%s", (_name, look, absent) => {
  it.each(["Error: No such file or directory", "Error: Could not process rule: No such file or directory"])(
    "is absent where nft says: %s",
    async (message) => {
      expect(await look(failing(`nft list failed: ${message}`), "kubespan")).toEqual(absent);
    },
  );

  it.each(["nft is not installed", "nft list failed: Operation not permitted", "No such file"])(
    "is not taken for absent where nft fails otherwise: %s",
    async (message) => {
      await expect(look(failing(message), "kubespan")).rejects.toThrow(message);
    },
  );
});

it("a table is listed by its family and name, and in the way that is asked for", async () => {
  const asked: (readonly string[])[] = [];
  const run = ({ args }: Command): Promise<string> => Promise.resolve(String(asked.push(args)));
  for (const what of ["all", "frame", "counters"] as const)
    expect(await listTable(run, "inet some", what)).toBe(String(asked.length));
  expect(asked.map((args) => args.join(" "))).toEqual([
    "list table inet some",
    "-s list table inet some",
    "list counters table inet some",
  ]);
});

it.each([
  ["kubespan", "inet talos_kubespan", "inet kubespan_racing"],
  ["mesh-2", "inet talos_kubespan_mesh-2", "inet kubespan_racing_mesh-2"],
])("both tables of %s are deleted in the same way", (link, ...tables) => {
  const steps = [
    ...planTable(undefined, { kind: "foreign" }, { interfaceName: link }),
    ...planNoRacing(tableText({ ...frame, targets: [] }), link),
  ];
  expect(steps.map(({ stage, commands }) => [stage, commands])).toEqual(
    tables.map((table) => [
      "swap",
      [{ program: "nft", args: ["-f", "{input}"], input: `delete table ${table}\n` }],
    ]),
  );
});

it("one file writes to nft and one lists tables", () => {
  const users = filesIn("src").filter((file) => /program: "nft",\s*args/.test(textOf(file)));
  expect(users.filter((file) => !file.endsWith("/watch.ts")).toSorted()).toEqual([
    "src/nftables/effects/list.ts",
    "src/nftables/transaction.ts",
  ]);
});
