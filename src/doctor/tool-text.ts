import { z } from "zod";
import { ofForm, parseToolJson, valueOf } from "../base/index.ts";

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
