import type { Command } from "commander";
import { print } from "../system/index.ts";
import { exampleText } from "./examples.ts";
import { configOption, runDirectoryOf } from "./options.ts";

interface BugreportOptions {
  readonly config: string;
  readonly file?: string;
  readonly anonymise?: true;
}

export function registerBugreport(program: Command): void {
  program
    .command("bugreport")
    .description("pack what tells of this node into one archive")
    .addOption(configOption())
    .option("-f, --file <file>", "archive to write (kubespan-report-TIME.tar.gz here)")
    .option("--anonymise", "replace addresses and names as well")
    .addHelpText(
      "after",
      `\nSecrets are always replaced. Read the archive before you give it away: texts of\nothers, such as names of links and rules, may hold anything.\n${exampleText("bugreport")}`,
    )
    .action(async (options: BugreportOptions) => {
      const { gatherReport, packArchive } = await import("../bugreport/effects/index.ts");
      const name = `kubespan-report-${new Date().toISOString().replace(/\D/g, "").slice(0, 14)}`;
      const archive = options.file ?? `${name}.tar.gz`;
      const files = await gatherReport({
        configFile: options.config,
        runDirectory: await runDirectoryOf(options.config),
        isAnonymous: options.anonymise ?? false,
      });
      await packArchive(archive, name, files);
      print(`${files.length} files are in ${archive}\n`);
    });
}
