import type { Command } from "commander";
import { fetchResources } from "../api/effects/index.ts";
import { print } from "../system/index.ts";
import { exampleText } from "./examples.ts";
import { configOption, runDirectoryOf } from "./options.ts";

export function registerInspect(program: Command): void {
  program
    .command("inspect")
    .description("look into how the daemon works")
    .command("dependencies")
    .description("print how kinds of resources follow from each other")
    .addOption(configOption())
    .addHelpText("after", exampleText("inspect dependencies"))
    .action(async (options: { config: string }) => {
      const { dotText } = await import("../graph/index.ts");
      const { items } = await fetchResources(await runDirectoryOf(options.config), { kind: "rd" });
      const specs = items.map(({ spec }) => spec as { readonly type: string; readonly inputs: string[] });
      const arrows = specs.flatMap(({ type, inputs }) => inputs.map((input) => ({ from: input, to: type })));
      const types = [...new Set(specs.map(({ type }) => type))];
      print(
        dotText(
          "dependencies",
          types.map((id) => ({ id })),
          arrows,
          true,
        ),
      );
    });
}
