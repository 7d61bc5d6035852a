import { type Command, Option } from "commander";
import { print, printJson } from "../system/index.ts";
import { exampleText } from "./examples.ts";
import { configOption } from "./options.ts";

/** `kubespan doctor` tells what this machine needs or misses. Its exit code follows from the worst finding: 0, 10 or 11; and 5 without root. */
export function registerDoctor(program: Command): void {
  program
    .command("doctor")
    .description("find what this node lacks and print the remedy")
    .addOption(configOption())
    .addOption(
      new Option("-o, --output <format>", "format of the output").choices(["table", "json"]).default("table"),
    )
    .addHelpText("after", exampleText("doctor"))
    .action(async (options: { config: string; output: "table" | "json" }) => {
      const { gatherFacts } = await import("../doctor/effects/index.ts");
      const { examine, exitCodeOf, worst } = await import("../doctor/index.ts");
      const { doctorText } = await import("./doctor-text.ts");
      const facts = await gatherFacts(options.config);
      const findings = examine(facts);
      const { distribution, flavours, kernel } = facts;
      if (options.output === "json")
        printJson({ worst: worst(findings), distribution, flavours, kernel, findings });
      else print(doctorText(facts, findings));
      process.exitCode = exitCodeOf(findings);
    });
}
