import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { root } from "../structure/source.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** The rules that are judged. */
export const alertsFile = join(root, "deploy/alerts.yaml");

/** Series by their names, with values minute by minute as promtool writes them: `FROM+STEPxTIMES`. */
export type Series = Readonly<Record<string, string>>;

interface Expectation {
  readonly minute: number;
  readonly firing: readonly string[];
}

export const isWell = { exitCode: 0, all: "" };

/** Has promtool compute which alerts fire at a time. */
export async function judge(series: Series, expectations: readonly Expectation[]): Promise<typeof isWell> {
  const withInstance = Object.entries(series).map(([name, values]) => ({
    series: name.replace("{", `{instance="a",`),
    values,
  }));
  const checks = expectations.map(({ minute, firing }) => ({
    expr: `group by (alertname) (ALERTS{alertstate="firing"})`,
    eval_time: `${minute}m`,
    exp_samples: firing.map((alert) => ({ labels: `{alertname="${alert}"}`, value: 1 })),
  }));
  const input = join(await temporaryFolder(), "test.yaml");
  const given = { interval: "1m", input_series: withInstance, promql_expr_test: checks };
  await writeFile(
    input,
    JSON.stringify({ rule_files: [alertsFile], evaluation_interval: "1m", tests: [given] }),
  );
  const { exitCode = -1, all } = await execa("promtool", ["test", "rules", input], {
    reject: false,
    all: true,
  });
  return { exitCode, all: exitCode === 0 ? "" : all };
}

/** Our series in an exposition, by their names with labels. */
function seriesIn(exposition: string): ReadonlyMap<string, string> {
  const lines = exposition.split("\n").filter((line) => line.startsWith("kubespan_"));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(" ");
      const name = line.slice(0, at);
      return [name.includes("{") ? name : `${name}{}`, line.slice(at + 1)];
    }),
  );
}

/** What a node was scraped for, a scrape a minute. The last one is as it stays for so many minutes. */
export function seriesOf(expositions: readonly string[], minutes: number): Series {
  const scrapes = expositions.map(seriesIn);
  const names = new Set(scrapes.flatMap((scrape) => [...scrape.keys()]));
  return Object.fromEntries(
    [...names].map((name) => {
      const values = scrapes.map((scrape) => scrape.get(name) ?? "_");
      return [name, `${values.join(" ")} ${values.at(-1)}x${minutes}`];
    }),
  );
}
