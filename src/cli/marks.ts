import { type Command, Option } from "commander";
import { hexText, KubespanError } from "../base/index.ts";
import { checkPrivilege } from "../daemon/index.ts";
import { print, printJson, readTextFile, run } from "../system/index.ts";
import { exampleText } from "./examples.ts";

interface Options {
  readonly rules: readonly string[];
  readonly machine?: true;
  readonly output: "text" | "json";
}

const largestRules = 64 * 1024 * 1024;

/**
 * `kubespan marks VALUE/MASK` tells whoever chooses bits of the packet mark, such as the author of a CNI, who uses them
 * already.
 */
export function registerMarks(program: Command): void {
  program
    .command("marks")
    .argument("<mark>", "mark as VALUE or VALUE/MASK, such as 0x40/0x60")
    .description("tell who else uses some bits of the packet mark")
    .addOption(
      new Option("-r, --rules <file>", "file with rules to compare as well (repeatable)")
        .default([], "none")
        .argParser((file: string, before: readonly string[]) => [...before, file]),
    )
    .addOption(new Option("-m, --machine", "compare the rules of this machine as well (as root)"))
    .addOption(
      new Option("-o, --output <format>", "format of the output").choices(["text", "json"]).default("text"),
    )
    .addHelpText(
      "after",
      [
        "\nA list of programs whose bits are known is compared in any case. The exit code",
        "is 14 if somebody else uses one of the bits, and 0 if nobody is known to.",
        exampleText("marks"),
      ].join("\n"),
    )
    .action(marks);
}

async function marks(mark: string, { rules, machine, output }: Options): Promise<void> {
  const found = await import("../marks/index.ts");
  const bits = found.bitsOf(mark);
  const collisions = found.knownCollisions(bits);
  for (const file of rules)
    collisions.push(
      ...found.ruleCollisions(file, found.findingsIn(await rulesIn(file, found.holdsRules), bits)),
    );
  const unread: string[] = [];
  if (machine) {
    await checkPrivilege("marks --machine");
    const { scanForCollisions } = await import("../marks/effects/index.ts");
    const here = await scanForCollisions(run, bits);
    collisions.push(...here.collisions);
    unread.push(...here.unread);
  }
  const free = found.freeBits();
  if (output === "json")
    printJson({
      bits: hexText(bits),
      collisions: collisions.map((each) => ({ ...each, bits: hexText(each.bits) })),
      free: hexText(free),
      ...(machine && { unread }),
    });
  else {
    const { marksText } = await import("./marks-text.ts");
    print(marksText({ bits, collisions, unread, free }));
  }
  process.exitCode = found.exitCodeOf(collisions);
}

async function rulesIn(file: string, holdsRules: (text: string) => boolean): Promise<string> {
  const hint = "give what 'nft list ruleset' or 'iptables-save' printed, run as root";
  const read = await readTextFile(file, { largest: largestRules, code: "usage", hint });
  if (!read) throw new KubespanError("usage", `there is no file ${file}`, { hint });
  if (!holdsRules(read.text))
    throw new KubespanError("usage", `${file} holds no table of nft or iptables`, { hint });
  return read.text;
}
