// Writes the tables of docs/configuration.md from the configuration's schema, and those of docs/metrics.md from the metrics,
// behind what stands before the first table of each.
import { readFileSync, writeFileSync } from "node:fs";
import { referenceText } from "../src/config/schema/index.ts";
import { metricsReference } from "../src/metrics/index.ts";

function replaceFrom(name: string, title: string, text: string): void {
  const file = new URL(`../docs/${name}`, import.meta.url);
  const [head = ""] = readFileSync(file, "utf8").split(`## ${title}\n`);
  writeFileSync(file, head + text);
}

replaceFrom("configuration.md", "KubeSpanConfig", referenceText());
replaceFrom("metrics.md", "The node and all peers together", metricsReference());
