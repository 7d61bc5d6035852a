import type { Command } from "commander";
import { Option } from "commander";
import { print, printJson } from "../system/index.ts";
import type { ApplyOptions } from "./config-apply.ts";
import { exampleText } from "./examples.ts";
import { configOption, secondsWithin } from "./options.ts";

interface Options extends ApplyOptions {
  readonly config: string;
}

/** The commands that change the configuration, each checked before anything is replaced. */
export function registerConfig(program: Command): void {
  const config = program.command("config").description("change the configuration safely");
  applying(config.command("edit"))
    .description("edit the configuration with $VISUAL or $EDITOR")
    .addHelpText("after", exampleText("config edit"))
    .action(edit);
  applying(config.command("patch"))
    .description("change the configuration by a patch")
    .argument("[patch]", "file with the patch, or - for standard input", "-")
    .option("--document <kind>", "document for a JSON patch, KIND or KIND/NAME")
    .addHelpText(
      "after",
      [
        "\nA patch is one of two kinds, as for Talos. Documents are merged into those with",
        "the same kind and name: maps key by key, lists by appending; '$patch: delete'",
        "takes away what holds it. A list is a JSON patch (RFC 6902) of one document.",
        exampleText("config patch"),
      ].join("\n"),
    )
    .action(patch);
  config
    .command("confirm")
    .description("keep the configuration that is being tried")
    .addOption(configOption())
    .addHelpText("after", exampleText("config confirm"))
    .action(async (options: { config: string }) => {
      const { confirmTrial } = await import("./config-apply.ts");
      await confirmTrial(options.config);
    });
  config
    .command("schema")
    .description("print the JSON Schema of the documents, for editors")
    .addHelpText(
      "after",
      [
        "\nFor editors with yaml-language-server, save it and begin each document with:",
        "  # yaml-language-server: $schema=/etc/kubespan/config.schema.json",
        exampleText("config schema"),
      ].join("\n"),
    )
    .action(async () => {
      const { configSchema } = await import("../config/schema/index.ts");
      printJson(configSchema());
    });
}

const applying = (command: Command): Command =>
  command
    .addOption(configOption())
    .addOption(
      new Option("--mode <mode>", "way to use the new configuration")
        .choices(["auto", "staged", "try"])
        .default("auto"),
    )
    .option("--timeout <seconds>", "seconds after which a trial is given up", secondsWithin(1, 24 * 3600), 60)
    .addHelpText(
      "after",
      [
        "\nWith --mode try the running daemon uses the configuration for --timeout seconds",
        "and then goes back, unless 'kubespan config confirm' is run before. The file is",
        "replaced only then: a daemon that ends meanwhile starts with the old one. With",
        "--mode staged the change waits for the next start, or reload, of the daemon.",
      ].join("\n"),
    );

async function patch(source: string, options: Options & { readonly document?: string }): Promise<void> {
  const { patchConfig } = await import("../config/patch/index.ts");
  const { applyConfig, configText, readPatch } = await import("./config-apply.ts");
  const before = await configText(options.config);
  const given = await readPatch(source);
  await applyConfig(
    options.config,
    before,
    patchConfig(before, options.config, given, options.document),
    options,
  );
}

async function edit(options: Options): Promise<void> {
  const { applyConfig, configText } = await import("./config-apply.ts");
  const { edited } = await import("./editor.ts");
  const before = await configText(options.config);
  const after = await edited(before, options.config);
  if (after === undefined) print("nothing was changed\n");
  else await applyConfig(options.config, before, after, options);
}
