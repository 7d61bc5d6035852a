import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type Command, commandText, INPUT } from "../../../src/base/command.ts";
import { Secret } from "../../../src/base/secret.ts";
import { run } from "../../../src/system/run.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { thrownBy } from "../thrown-by.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("run", () => {
  test("gives standard output as it is", async () => {
    const links: unknown = JSON.parse(await run({ program: "ip", args: ["-json", "link", "show", "lo"] }));
    expect(links).toMatchObject([{ ifname: "lo" }]);
  });

  test("a program that is not installed: which package has it", async () => {
    vi.stubEnv("PATH", "/nonexistent");
    const error = await thrownBy(run({ program: "nft", args: ["list", "ruleset"] }));
    expect(error).toMatchObject({ code: "command", hint: "install the package nftables", exitCode: 7 });
    expect(error.message).toBe("nft is not installed");
  });

  test("a program that fails: what it said", async () => {
    const error = await thrownBy(run({ program: "ip", args: ["link", "show", "no-such-link"] }));
    expect(error).toMatchObject({ code: "command" });
    expect(error.message).toMatch(/^ip link show no-such-link failed: .*does not exist/);
  });

  test("a program gets the C locale, so that its messages can be recognised, and no standard input", async () => {
    const folder = await temporaryFolder();
    const script = '#!/bin/sh\necho "$LC_ALL"\ncat\n'; // stands for any program: it shows what it was given
    await writeFile(join(folder, "ip"), script, { mode: 0o755 });
    vi.stubEnv("PATH", `${folder}:${process.env["PATH"]}`);
    vi.stubEnv("LC_ALL", "de_DE.UTF-8");
    expect(await run({ program: "ip", args: [] })).toBe("C\n");
  });

  test("input goes in through a file that has no name at any time", async () => {
    const [programs, temporary] = [await temporaryFolder(), await temporaryFolder()];
    await writeFile(join(programs, "nft"), '#!/bin/sh\nls -A "$TMPDIR"\ncat "$2"\n', { mode: 0o755 });
    vi.stubEnv("PATH", `${programs}:${process.env["PATH"]}`);
    vi.stubEnv("TMPDIR", temporary);
    expect(await run({ program: "nft", args: ["-f", INPUT], input: "add table inet t\n" })).toBe(
      "add table inet t\n",
    );
    expect(await readdir(temporary)).toEqual([]);
  });

  test("a real program can open it", async () => {
    const input = "link show lo\naddress show lo\n";
    const output = await run({ program: "ip", args: ["-batch", INPUT], input });
    expect(output.match(/^1: lo:/gm)).toHaveLength(2);
  });

  test("a key is in no error", async () => {
    const key = new Secret(Uint8Array.from({ length: 32 }, (_, index) => index));
    const error = await thrownBy(
      run({ program: "wg", args: ["set", "no-such-link", "private-key", INPUT], input: key }),
    );
    expect(error.message).toContain("no-such-link");
    expect(error.message).not.toContain(key.revealBase64());
  });
});

describe("commandText", () => {
  const secret = new Secret(new Uint8Array(32).fill(7));
  test.each<[Command, string]>([
    [{ program: "ip", args: ["link", "show"] }, "ip link show"],
    [
      { program: "nft", args: ["-f", INPUT], input: "add table inet t\n" },
      "nft -f {input}\nadd table inet t",
    ],
    [
      { program: "wg", args: ["set", "w", "private-key", INPUT], input: secret },
      "wg set w private-key {input}",
    ],
  ])("case %#", (command, text) => {
    expect(commandText(command)).toBe(text);
  });
});
