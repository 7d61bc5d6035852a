import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { type Command, INPUT, KubespanError } from "../../../src/base/index.ts";
import { afterOwner } from "../../../src/nftables/effects/after-owner.ts";
import { complaintBefore, InteractiveNft } from "../../../src/nftables/effects/interactive-nft.ts";
import { TableOwner } from "../../../src/nftables/effects/table-owner.ts";
import { adoptingText } from "../../../src/nftables/transaction.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** An nft that keeps what it was told, and complains, dies or hangs if a transaction says so. */
const program = (knows: string): string => `#!/bin/sh
[ "${knows}" = nothing ] && { echo "nft: interactive CLI not supported in this build" >&2; exit 1; }
while IFS= read -r line; do
  case $line in
  include*)
    file=\${line#include \\"}
    text=$(cat "\${file%\\"}")
    printf '%s\\n' "$text" >>"$0.log"
    case $text in
    *persist*delete\\ chain*) [ "${knows}" = silence ] || printf '%s\\n' "Error: No such file or directory" "delete chain" "  ^^^" >&2 ;;
    *persist*) [ "${knows}" = owners ] || [ "${knows}" = silence ] || echo "Error: syntax error, unexpected string" >&2 ;;
    *wrong*) printf '%s\\n' "/proc/1/fd/2:1:1-5: Error: syntax error" "wrong" "^^^^^" >&2 ;;
    *die*) kill -9 $$ ;;
    *much*) yes Error: | head -c 600000 >&2 ;;
    *hang*) exec sleep 1000 ;;
    esac ;;
  list*) printf '%s\\n' "Error: No such file or directory" "$line" "                ^^^^^" >&2 ;;
  esac
done
`;

const path = process.env["PATH"];
afterEach(() => {
  process.env["PATH"] = path;
});

/** The file in which an nft of that kind, which is the one to be found now, keeps what it was told. */
async function nftThatKnows(knows: "owners" | "flags" | "silence" | "nothing"): Promise<string> {
  const folder = await temporaryFolder();
  const file = join(folder, "nft");
  await writeFile(file, program(knows));
  await chmod(file, 0o755);
  process.env["PATH"] = `${folder}:${path}`;
  return `${file}.log`;
}

const transaction = (input: string): Command => ({ program: "nft", args: ["-f", INPUT], input });
const adoption = transaction(adoptingText("inet talos_kubespan"));

/** An owner, the transactions that it did not carry out, and its reason for owning nothing. */
async function opened() {
  const passedOn: string[] = [];
  const reasons: string[] = [];
  const owner = await TableOwner.open(
    (command) => Promise.resolve(String(passedOn.push(String(command.input)))),
    (reason) => reasons.push(reason),
  );
  onTestFinished(() => owner.close());
  return { owner, passedOn, reasons };
}

test("where nft knows how, one process carries out all transactions, and owns what it takes", async () => {
  const log = await nftThatKnows("owners");
  const { owner, passedOn, reasons } = await opened();
  expect([owner.ownership, reasons]).toEqual(["possible", []]);
  const all = [transaction("first\n"), adoption, transaction("last\n")];
  await Promise.all(all.map((command) => owner.run(command)));
  expect(owner.ownership).toBe("ours");
  expect(await readFile(log, "utf8")).toContain(all.map(({ input }) => input).join(""));
  await owner.run({ program: "nft", args: ["list", "tables"] });
  expect(passedOn).toEqual(["undefined"]);
});

test.each([
  ["flags", "unexpected string"],
  ["silence", "does not tell"],
  ["nothing", "not supported in this build"],
] as const)("where nft knows %s, everything stays as it was", async (knows, reason) => {
  await nftThatKnows(knows);
  const { owner, passedOn, reasons } = await opened();
  expect([owner.ownership, reasons]).toEqual(["impossible", [expect.stringContaining(reason)]]);
  await owner.run(transaction("first\n"));
  expect(passedOn).toEqual(["first\n"]);
});

test("a transaction that fails tells why, and the next one is another matter", async () => {
  await nftThatKnows("owners");
  const { owner } = await opened();
  const failed = owner.run(transaction("wrong\n"));
  const next = owner.run(transaction("right\n"));
  await expect(failed).rejects.toThrow(/^nft -f \S+ failed: \S+ Error: syntax error\nwrong$/);
  expect(await next).toBe("");
});

test("a process that dies fails the transaction; the next one has another, which owns nothing yet", async () => {
  await nftThatKnows("owners");
  const { owner, reasons } = await opened();
  await owner.run(adoption);
  await expect(owner.run(transaction("die\n"))).rejects.toThrow("has ended");
  expect(owner.ownership).toBe("possible");
  expect(await owner.run(transaction("right\n"))).toBe("");
  expect(owner.ownership).toBe("possible");
  await owner.run(adoption);
  expect([owner.ownership, reasons]).toEqual(["ours", []]);
});

test("an nft that is exchanged for one that knows less is used like that", async () => {
  await nftThatKnows("owners");
  const { owner, passedOn, reasons } = await opened();
  await owner.run(adoption);
  await nftThatKnows("flags");
  await expect(owner.run(transaction("die\n"))).rejects.toThrow("has ended");
  await owner.run(transaction("right\n"));
  expect([owner.ownership, passedOn, reasons.length]).toEqual(["impossible", ["right\n"], 1]);
});

test.each([
  ["hang", 100, "too late"],
  ["much", 60_000, "too much"],
] as const)("a process that would %s is ended", async (text, limitMs, stopped) => {
  const log = await nftThatKnows("owners");
  const nft = await InteractiveNft.start();
  const file = `${log}.in`;
  await writeFile(file, text);
  expect(await nft.run(file, limitMs)).toMatchObject({ stopped });
  expect(nft.isAlive).toBe(false);
  await nft.ended;
  expect(await nft.run(file, limitMs)).toMatchObject({ exitCode: undefined });
});

test.each<[string, string, string | undefined]>([
  ["nothing yet", "", undefined],
  ["a complaint that may go on", "x:1:1-2: Error: wrong\n", undefined],
  ["the end alone", "Error: No such file or directory\nlist table inet end\n   ^^^\n", ""],
  ["the end, after the pointer of the one before", "  ^^^\nError: No such file\nlist table inet end\n", ""],
  ["the end in the complaint itself", "Error: table end does not exist\n", ""],
  [
    "a complaint",
    "x:1:1-2: Error: wrong\nadd y\n^^\nError: No\nlist table inet end\n",
    "x:1:1-2: Error: wrong\nadd y",
  ],
])("what nft says of a transaction is what came before its end: %s", (_name, text, complaint) => {
  expect(complaintBefore("end", text)).toBe(complaint);
});

const refusal = new KubespanError(
  "command",
  "nft -f failed: Error: Could not process rule: Operation not permitted",
);

test("a transaction waits for the end of an owner whose daemon is gone", async () => {
  let refusals = 2;
  const run = afterOwner(() => (refusals-- > 0 ? Promise.reject(refusal) : Promise.resolve("done")), 60_000);
  expect(await run(adoption)).toBe("done");
});

test("an owner that goes on is said to be in the way; nothing else is tried twice", async () => {
  let tries = 0;
  const run = afterOwner(() => {
    tries++;
    return Promise.reject(refusal);
  }, 0);
  await expect(run(adoption)).rejects.toMatchObject({
    hint: expect.stringContaining("a process owns the table"),
  });
  const before = tries;
  await expect(run({ program: "wg", args: ["set"] })).rejects.toBe(refusal);
  expect(tries).toBe(before + 1);
});
