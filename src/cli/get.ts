import { type Command, Option } from "commander";
import { fetchResources, followResources } from "../api/effects/index.ts";
import type { Resource } from "../api/index.ts";
import { KubespanError } from "../base/index.ts";
import { complain, print } from "../system/index.ts";
import { exampleText } from "./examples.ts";
import { configOption, type ResourceFormat, resourceFormats, runDirectoryOf } from "./options.ts";

interface GetOptions {
  readonly config: string;
  readonly output: ResourceFormat;
  readonly namespace?: string;
  readonly watch?: true;
}

export function registerGet(program: Command): void {
  program
    .command("get")
    .argument("<kind>", "kind of resource, such as peers (rd lists all)")
    .argument("[id]", "name of one resource (id, label or node id)")
    .description("print what the daemon knows, as talosctl get does")
    .addOption(configOption())
    .addOption(
      new Option("-o, --output <format>", "format of the output").choices(resourceFormats).default("table"),
    )
    .option("-n, --namespace <name>", "namespace of the kind (as cluster-raw)")
    .option("-w, --watch", "print each change as well, until interrupted")
    .addHelpText("after", exampleText("get"))
    .action(async (kind: string, id: string | undefined, options: GetOptions) => {
      const folder = await runDirectoryOf(options.config);
      if (options.watch) await follow(folder, { kind, namespace: options.namespace }, id, options.output);
      else await list(folder, { kind, namespace: options.namespace }, id, options.output);
    });
}

interface Asked {
  readonly kind: string;
  readonly namespace: string | undefined;
}

/** Whether somebody may mean a resource by a name. */
const isMeant =
  (id: string | undefined) =>
  ({ metadata, spec }: Resource): boolean =>
    id === undefined || [metadata.id, spec["label"], spec["nodeId"]].includes(id);

async function list(
  folder: string,
  kind: Asked,
  id: string | undefined,
  format: ResourceFormat,
): Promise<void> {
  const { listText } = await import("./resource-text.ts");
  const { definition, items } = await fetchResources(folder, kind);
  const found = items.filter(isMeant(id));
  if (id !== undefined && found.length === 0)
    throw new KubespanError("usage", `there is no resource "${id.slice(0, 100)}" of the kind ${kind.kind}`, {
      hint: `'kubespan get ${kind.kind}' lists all`,
    });
  print(listText(definition, found, format, id !== undefined));
}

async function follow(
  folder: string,
  kind: Asked,
  id: string | undefined,
  format: ResourceFormat,
): Promise<void> {
  const { watchPrinter } = await import("./resource-text.ts");
  const { definition, lines } = await followResources(folder, kind);
  const printer = watchPrinter(definition, format);
  for await (const line of lines) {
    if (line.event === "lost") complain(`kubespan: ${line.changes} changes came too fast to be shown\n`);
    else if (line.event === "bootstrapped") print(printer.bootstrapped());
    else if (isMeant(id)(line.resource)) print(printer.changed(line.event, line.resource));
  }
  throw new KubespanError("unavailable", "the daemon ended, and with it the watch", {
    hint: "start it with 'kubespan run', and watch again",
  });
}
