import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { metricsReference } from "../../../src/metrics/index.ts";
import { textOf } from "../structure/source.ts";
import { temporaryFolder } from "../temporary-folder.ts";

interface Panel {
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string }[];
}

const { panels } = JSON.parse(textOf("deploy/dashboard.json")) as { panels: readonly Panel[] };
const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));

test("the dashboard uses only names and labels that the daemon exposes", () => {
  const rows = [...metricsReference().matchAll(/^\| `(\w+)` \| \w+ \| (.*?) \|/gm)];
  const labels = new Map<string, readonly string[]>(
    rows.map(([, name = "", all = ""]) => [name, all.match(/\w+/g) ?? []]),
  );
  expect(expressions.length).toBeGreaterThan(12);
  for (const expr of expressions) {
    const used = [...expr.matchAll(/\b((?:kubespan|process)_\w+)(?:\{(.*?)\})?/g)];
    expect(used.length, expr).toBeGreaterThan(0);
    for (const [, name = "", matchers = ""] of used) {
      const wanted = [...matchers.matchAll(/(\w+)(?:=~|!=|=)"/g)].map(([, label = ""]) => label);
      expect(labels.has(name), name).toBe(true);
      expect(wanted.filter((label) => label !== "instance" && !labels.get(name)?.includes(label))).toEqual(
        [],
      );
    }
  }
});

test("promtool understands every expression, with Grafana's variables filled in", async () => {
  const rules = expressions.map((expr, index) => ({
    record: `panel:${index}`,
    expr: expr.replaceAll("$__rate_interval", "5m").replaceAll("$instance", ".*"),
  }));
  const file = join(await temporaryFolder(), "rules.yaml");
  await writeFile(file, JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
  const { exitCode, all } = await execa("promtool", ["check", "rules", file], { reject: false, all: true });
  expect({ exitCode, all }).toMatchObject({ exitCode: 0 });
});

test("no panel covers another, and all fit the grid", () => {
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
  expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
});
