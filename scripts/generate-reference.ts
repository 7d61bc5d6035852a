// Writes the tables of docs/configuration.md, behind what stands before the first of them, from the configuration's schema.
import { readFileSync, writeFileSync } from "node:fs";
import { referenceText } from "../src/config/schema/index.ts";

const file = new URL("../docs/configuration.md", import.meta.url);
const [head = ""] = readFileSync(file, "utf8").split(/^## KubeSpanConfig$/m);
writeFileSync(file, head + referenceText());
