import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { execa } from "execa";

const root = join(import.meta.dirname, "..");
/** The Go that scripts/install-go put there, where the machine has none or too old a one. */
const installed = join(root, ".cache/go/go/bin/go");
const environment = (cgo: boolean, architecture: string | undefined) => ({
  GOFLAGS: "-mod=readonly",
  GOTOOLCHAIN: "local",
  CGO_ENABLED: cgo ? "1" : "0",
  ...(architecture !== undefined && { GOARCH: architecture }),
});
const reportEveryMs = 10_000;

export interface GoProgram {
  /** The folder of the module, whose go.sum pins everything. */
  readonly folder: string;
  readonly package: string;
  readonly output: string;
  readonly flags?: readonly string[];
  /** The architecture by Go's name, where it is not this machine's. */
  readonly architecture?: string;
  /** Whether a part of the program is written in C. */
  readonly cgo?: boolean;
}

/**
 * Builds a Go program. What is under way is told every ten seconds, as a first build fetches and compiles for minutes.
 * Throws an `Error` with what Go said, or with what to do where there is no Go.
 */
export async function goBuild({
  folder,
  package: name,
  output,
  flags = [],
  architecture,
  cgo = false,
}: GoProgram): Promise<void> {
  const tell = teller(relative(root, folder));
  const env = environment(cgo, architecture);
  const deps = await go(folder, env, ["list", "-deps", name], (modules) =>
    tell(`${modules} modules fetched`),
  );
  const total = deps.split("\n").length;
  await go(
    folder,
    env,
    ["build", "-v", "-trimpath", "-buildvcs=false", ...flags, "-o", output, name],
    (packages) => tell(`${packages} of at most ${total} packages compiled`),
  );
}

/** Runs Go and gives what it printed; `count` hears how many modules or packages it has named so far. */
async function go(
  folder: string,
  env: NodeJS.ProcessEnv,
  args: readonly string[],
  count: (named: number) => void,
): Promise<string> {
  const program = existsSync(installed) ? installed : "go";
  const running = execa(program, [...args], { cwd: folder, env, reject: false });
  const complaints: string[] = [];
  let named = 0;
  for await (const line of running.iterable({ from: "stderr" }))
    if (/^(?:go: downloading .*|[\w./-]+)$/.test(line)) count(++named);
    else complaints.push(line);
  const result = await running;
  if (result.code === "ENOENT")
    throw new Error("Go 1.26 or newer is missing: scripts/install-go installs it");
  if (result.failed) throw new Error([`go ${args[0]} failed in ${folder}`, ...complaints].join("\n"));
  return result.stdout;
}

function teller(folder: string): (what: string) => void {
  let told = performance.now();
  return (what) => {
    if (performance.now() - told < reportEveryMs) return;
    told = performance.now();
    console.log(`go build in ${folder}: ${what}`);
  };
}
