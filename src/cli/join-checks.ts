import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fetchAuthority } from "../authority/effects/index.ts";
import { errorText, KubespanError } from "../base/index.ts";
import { environmentProxies, parseServiceURL, type ServiceConfig } from "../config/index.ts";
import { type Reached, reach } from "../joining/effects/index.ts";
import { clockProblem, type Token } from "../joining/index.ts";
import { complain, print, writeAtomically } from "../system/index.ts";

/** What a node knows before it joins. */
interface Before {
  /** The certificate of the cluster's authority, in PEM; absent if no service has one. */
  readonly authority?: string;
  /** The ids of the nodes that are there. */
  readonly others: readonly string[];
}

/**
 * Looks whether this node can join, and says what it finds. Throws `KubespanError("discovery")` if no discovery service
 * can be used.
 */
export async function checkBefore(token: Token): Promise<Before> {
  const { authority, problems } = await authorityOf(token);
  if (authority !== undefined) print("the discovery services have the authority that the token names\n");
  const reached = [...problems, ...(await reachAll(token, authority))];
  for (const { url, problem, nodes } of reached)
    if (problem === undefined) print(`${url} answers, and knows ${nodesText(nodes.length)}\n`);
    else complain(`warning: ${problem}\n`);
  const answers = reached.filter(({ problem }) => problem === undefined);
  if (answers.length === 0)
    throw new KubespanError("discovery", "none of the discovery services in the token can be used", {
      hint: "is the network up, and does a firewall let this node reach their TCP ports? Nothing was written",
    });
  const unopened = Math.max(...answers.map(({ unopened: count }) => count));
  if (unopened > 0)
    complain(
      `warning: ${nodesText(unopened)} cannot be read with the secret of this token: is it an old one?\n`,
    );
  await checkClock(answers);
  return {
    others: [...new Set(answers.flatMap(({ nodes }) => nodes.map(({ id }) => id)))],
    ...(authority !== undefined && { authority }),
  };
}

const nodesText = (count: number): string => (count === 1 ? "1 node" : `${count} nodes`);

/** The certificate of the authority, from the first service that has it. */
async function authorityOf(
  token: Token,
): Promise<{ readonly authority?: string; readonly problems: readonly Reached[] }> {
  const { authorityKey, authority: fingerprint } = token;
  if (fingerprint === undefined) return { problems: [] };
  if (authorityKey) {
    const { openAuthority } = await import("../authority/index.ts");
    const { certificate, fingerprint: own } = await openAuthority(authorityKey);
    if (!Buffer.from(own).equals(fingerprint))
      throw new KubespanError("usage", "the token's key is not that of the authority that it names");
    return { authority: certificate, problems: [] };
  }
  const problems: Reached[] = [];
  for (const { url, isOurs } of token.services) {
    const location = isOurs ? parseServiceURL(url) : undefined;
    if (location === undefined) continue;
    try {
      return { authority: await fetchAuthority(location, fingerprint), problems };
    } catch (error) {
      problems.push({ url, problem: errorText(error), nodes: [], unopened: 0 });
    }
  }
  return { problems };
}

async function reachAll(token: Token, authority: string | undefined): Promise<Reached[]> {
  const folder = await mkdtemp(join(tmpdir(), "kubespan-join-"));
  try {
    const caFile = join(folder, "authority.pem");
    if (authority !== undefined) await writeAtomically(caFile, authority, { mode: 0o600, owner: "writer" });
    const { proxies } = environmentProxies(process.env);
    const services = token.services.flatMap(({ url, isOurs }): ServiceConfig[] => {
      const location = parseServiceURL(url);
      if (!location || (isOurs && authority === undefined)) return [];
      return [{ name: url, ...location, ...(isOurs && { caFile }), proxies }];
    });
    return await Promise.all(services.map((service) => reach(service, token.cluster)));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function checkClock(answers: readonly Reached[]): Promise<void> {
  const program = await stat(process.argv[1] ?? "").catch(() => undefined);
  const numbers = answers.flatMap(({ nodes }) => nodes.flatMap(({ number }) => number ?? []));
  const problem = clockProblem({ now: Date.now(), installedAt: program?.mtimeMs ?? 0, numbers });
  if (problem === undefined) print("the clock is plausible\n");
  else complain(`warning: ${problem}; set it: timedatectl set-ntp true\n`);
}
