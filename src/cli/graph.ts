import { type Command, Option } from "commander";
import { fetchStatus } from "../api/effects/index.ts";
import { print, printJson } from "../system/index.ts";
import { exampleText } from "./examples.ts";
import { configOption, runDirectoryOf } from "./options.ts";

const formats = ["dot", "mermaid", "svg", "json"] as const;

interface GraphOptions {
  readonly config: string;
  readonly output: (typeof formats)[number];
}

export function registerGraph(program: Command): void {
  program
    .command("graph")
    .description("draw the mesh as seen from this node")
    .addOption(configOption())
    .addOption(new Option("-o, --output <format>", "format of the picture").choices(formats).default("dot"))
    .addHelpText("after", exampleText("graph"))
    .action(async ({ config, output }: GraphOptions) => {
      const { dotOf, graphOf, mermaidOf, svgOf } = await import("../graph/index.ts");
      const graph = graphOf(await fetchStatus(await runDirectoryOf(config)));
      if (output === "json") printJson(graph);
      else print({ dot: dotOf, mermaid: mermaidOf, svg: svgOf }[output](graph));
    });
}
