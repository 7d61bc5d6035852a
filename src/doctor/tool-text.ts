import { z } from "zod";
import { ofForm, parseToolJson, valueOf } from "../base/index.ts";

/** The first part of a tool's `--version` that looks like a version: `v1.0.20210914` gives `1.0.20210914`. */
export const versionIn = (text: string): string | undefined =>
  /(?<![\w.])v?(\d{1,9}(?:\.\d{1,9}){1,3})/.exec(text.slice(0, 500))?.[1];

/** Tells whether `version` is older than `other`, compared number by number. */
export function isOlder(version: string, other: string): boolean {
  const [left, right] = [version.split(".").map(Number), other.split(".").map(Number)];
  const at = right.findIndex((number, index) => number !== (left[index] ?? 0));
  return at >= 0 && (left[at] ?? 0) < (right[at] ?? 0);
}

/** Parses the output of `ss -H -u -a -n -p` for one port; each process is `name (pid N)`. */
export function parseListeners(text: string, port: number): { isTaken: boolean; users: string[] } {
  const lines = text.split("\n").filter((line) => line.split(/\s+/)[3]?.endsWith(`:${port}`));
  const users = lines.flatMap((line) =>
    [...line.matchAll(/\("([^"]{1,64})",pid=(\d{1,10})/g)].map(([, name, pid]) => `${name} (pid ${pid})`),
  );
  return { isTaken: lines.length > 0, users: [...new Set(users)] };
}

/** The links that use a port, from `wg show all listen-port`. */
export const linksWithPort = (text: string, port: number): string[] =>
  text.split("\n").flatMap((line) => {
    const [name, number] = line.split("\t");
    return name !== undefined && Number(number) === port ? [name] : [];
  });

/** Parses `NTPSynchronized` of `timedatectl show`. */
export function parseSynchronised(text: string): boolean | undefined {
  const [, answer] = /^NTPSynchronized=(yes|no)$/m.exec(text) ?? [];
  return answer === undefined ? undefined : answer === "yes";
}

const routesForm = z.array(z.looseObject({ dev: z.string().optional() })).max(10_000);

/** The links in `ip -j route show default`; none if the output cannot be parsed. A host without one is examined all the same. */
export const linksOfRoutes = (text: string): string[] =>
  (valueOf(ofForm(parseToolJson(text), routesForm)) ?? []).flatMap(({ dev }) => dev ?? []);
