import { type Command, Option } from "commander";
import { followMatrix } from "../api/effects/index.ts";
import { complain, print } from "../system/index.ts";
import { exampleText } from "./examples.ts";
import { configOption, runDirectoryOf } from "./options.ts";

interface MatrixOptions {
  readonly config: string;
  readonly output: "table" | "json";
  readonly problems?: boolean;
}

export function registerMatrix(program: Command): void {
  program
    .command("matrix")
    .description("measure the ways between all nodes")
    .addOption(configOption())
    .addOption(
      new Option("-o, --output <format>", "format of the output").choices(["table", "json"]).default("table"),
    )
    .option("--problems", "print only pairs in trouble")
    .addHelpText(
      "after",
      `\nEach member measures the ways to its peers when it is asked. Members that the\nconfiguration forbids to answer (matrix: false) are named.\n${exampleText("matrix")}`,
    )
    .action(async ({ config, output, problems = false }: MatrixOptions) => {
      const { isInTrouble, matrixHead, matrixText } = await import("./matrix-text.ts");
      for await (const line of followMatrix(await runDirectoryOf(config))) {
        if (output === "json") print(`${JSON.stringify(line)}\n`);
        else if ("nodes" in line) print(matrixHead);
        else if ("problem" in line) complain(matrixText(line));
        else print(matrixText(problems ? { ...line, cells: line.cells.filter(isInTrouble(line)) } : line));
      }
    });
}
