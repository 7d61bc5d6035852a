import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";
import { temporaryFolder } from "../temporary-folder.ts";

const script = new URL("../../../scripts/install-node-modules", import.meta.url).pathname;

it("refuses a Node that is too old for npm's lock file, in one sentence", async () => {
  const tools = await temporaryFolder();
  for (const [name, text] of Object.entries({
    node: `[ "$1" = --version ] && echo v12.22.12 && exit; exit 1`,
    npm: `echo "npm was started"`,
  })) {
    await writeFile(join(tools, name), `#!/bin/sh\n${text}\n`);
    await chmod(join(tools, name), 0o755);
  }
  const { exitCode, stdout, stderr } = await execa(script, {
    env: { PATH: `${tools}:/usr/bin:/bin` },
    extendEnv: false,
    reject: false,
  });
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
  expect(stderr).toBe(
    "install-node-modules: Node v12.22.12 is too old: install 18 or newer with npm (Debian has it from version 12 on)",
  );
});
