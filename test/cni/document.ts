import { readFile, writeFile } from "node:fs/promises";
import { expect } from "vitest";

const file = new URL("../../docs/cni.md", import.meta.url).pathname;

/**
 * Compares a table with the one in docs/cni.md between `<!-- NAME -->` and `<!-- end -->`. With KUBESPAN_WRITE_DOCS in
 * the environment it is written there instead.
 */
export async function checkTable(
  name: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): Promise<void> {
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  const table = `<!-- ${name} -->\n${lines.join("\n")}\n<!-- end -->`;
  const text = await readFile(file, "utf8");
  const found = new RegExp(`<!-- ${name} -->\\n[^]*?<!-- end -->`).exec(text)?.[0] ?? "";
  if (process.env["KUBESPAN_WRITE_DOCS"] !== undefined) await writeFile(file, text.replace(found, table));
  else expect(found).toBe(table);
}
