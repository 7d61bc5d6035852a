import { expect, test } from "vitest";
import { type Command, INPUT } from "../../../src/base/command.ts";
import { OwnTransactions } from "../../../src/nftables/effects/own-transactions.ts";

const transaction: Command = { program: "nft", args: ["-f", INPUT], input: "add table inet t\n" };

/** What was run, and the last line that `nft monitor` prints of it. */
async function runSigned(own: OwnTransactions, command = transaction, fails = false): Promise<string> {
  let last = "";
  const run = own.signing(({ input }) => {
    last = String(input).trimEnd().split("\n").at(-1) ?? "";
    return fails ? Promise.reject(new Error("refused")) : Promise.resolve("");
  });
  await run(command).catch(() => undefined);
  return last;
}

test("a transaction is known by its last line, once", async () => {
  const own = new OwnTransactions();
  const [first, second] = [await runSigned(own), await runSigned(own)];
  expect(first).not.toBe(second);
  expect([own.isSignature(second), own.isSignature(first)]).toEqual([true, true]);
  expect([own.isSignature(first), own.isSignature(second)]).toEqual([false, false]);
});

test("its own text stays as it is, before the signature", async () => {
  const inputs: unknown[] = [];
  const run = new OwnTransactions().signing(({ input }) => Promise.resolve(String(inputs.push(input))));
  await run(transaction);
  expect(inputs[0]).toMatch(
    /^add table inet t\n\nadd table inet (kubespan_signature_[0-9a-f]{16})\ndelete table inet \1\n$/,
  );
});

test("what was refused, and what others make, is not known", async () => {
  const own = new OwnTransactions();
  expect(own.isSignature(await runSigned(own, transaction, true))).toBe(false);
  expect(own.isSignature(await runSigned(new OwnTransactions()))).toBe(false);
  expect(own.isSignature("delete table inet kubespan_signature_0123456789abcdef")).toBe(false);
});

test.each<Command>([
  { program: "nft", args: ["list", "ruleset"] },
  { program: "ip", args: ["-batch", INPUT], input: "rule show\n" },
])("what is no transaction is run as it is: case %#", async (command) => {
  const seen: Command[] = [];
  await new OwnTransactions().signing((given) => Promise.resolve(String(seen.push(given))))(command);
  expect(seen).toEqual([command]);
});

test("signatures that nobody saw are not kept for ever", async () => {
  const own = new OwnTransactions();
  const lines: string[] = [];
  for (let count = 0; count < 65; count++) lines.push(await runSigned(own));
  expect(lines.map(own.isSignature)).toEqual(lines.map((_line, at) => at > 0));
});
