import { fetchDefinitions, fetchResources, fetchStatus } from "../../api/effects/index.ts";
import type { Status } from "../../api/index.ts";
import { errorText, printableLines, Secret, version } from "../../base/index.ts";
import { loadConfig } from "../../config/effects/index.ts";
import type { Config } from "../../config/index.ts";
import { gatherFacts } from "../../doctor/effects/index.ts";
import { examine } from "../../doctor/index.ts";
import { storedIdentity } from "../../identity/effects/index.ts";
import { tableNameOf } from "../../nftables/index.ts";
import { probe } from "../../system/index.ts";
import { anonymiser, type Names, redactor } from "../index.ts";

export interface ReportFile {
  readonly name: string;
  readonly text: string;
}

interface Asked {
  readonly configFile: string;
  readonly runDirectory: string;
  readonly isAnonymous: boolean;
}

/**
 * Gathers what tells of this node: the daemon's status, resources and log, doctor's findings and the kernel's state. What
 * cannot be had is a file with the reason. All secrets are replaced, and names and addresses as well if asked for.
 */
export async function gatherReport({ configFile, runDirectory, isAnonymous }: Asked): Promise<ReportFile[]> {
  const config = await loadConfig(configFile).then(
    (loaded) => loaded.config,
    () => undefined,
  );
  const redact = redactor(await secretsOf(config));
  /** A text is cleaned once it is there, while others are still waited for. */
  const cleaned = async (asked: Promise<ReportFile>): Promise<ReportFile> => {
    const { name, text } = await asked;
    return { name, text: redact(printableLines(text)) };
  };
  // The tools come first, as it takes longer to start one the more memory this process has; the daemon answers meanwhile.
  const doctor = gathered("doctor.json", async () => examine(await gatherFacts(configFile)));
  const kernel = kernelFiles(config?.interfaceName ?? "kubespan");
  const status = fetchStatus(runDirectory).catch((error: unknown) => errorText(error));
  const files = await Promise.all(
    [
      Promise.resolve({ name: "version.txt", text: `kubespan ${version}, Node.js ${process.version}\n` }),
      gathered("status.json", () => status),
      ...(await resourceFiles(runDirectory)),
      doctor,
      ...kernel,
    ].map(cleaned),
  );
  if (!isAnonymous) return files;
  const anonymise = anonymiser(namesIn(config, await status));
  return files.map(({ name, text }) => ({ name, text: anonymise(text) }));
}

const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`;

async function gathered(name: string, ask: () => Promise<unknown>): Promise<ReportFile> {
  return { name, text: jsonText(await ask().catch((error: unknown) => ({ error: errorText(error) }))) };
}

async function resourceFiles(runDirectory: string): Promise<Promise<ReportFile>[]> {
  const kinds = await fetchDefinitions(runDirectory).catch(() => []);
  return kinds.map(({ type, namespace }) =>
    gathered(`resources/${namespace}.${type}.json`, () =>
      fetchResources(runDirectory, { kind: type, namespace }),
    ),
  );
}

/** The questions to the kernel. They change nothing, and wg shows no key that is secret. */
const questions = (
  link: string,
): readonly (readonly [name: string, program: string, ...args: string[]])[] => [
  ["uname.txt", "uname", "-srvm"],
  ["links.txt", "ip", "-d", "address", "show"],
  ["rules-ipv4.txt", "ip", "-4", "rule", "show"],
  ["rules-ipv6.txt", "ip", "-6", "rule", "show"],
  ["routes-ipv4.txt", "ip", "-4", "route", "show", "table", "all"],
  ["routes-ipv6.txt", "ip", "-6", "route", "show", "table", "all"],
  ["wireguard.txt", "wg", "show", link],
  ["nft.txt", "nft", "list", "table", ...tableNameOf(link).split(" ")],
];

const kernelFiles = (link: string): Promise<ReportFile>[] =>
  questions(link).map(async ([name, program, ...args]) => {
    const { succeeded, stdout, complaint } = await probe(program, ...args);
    return { name: `kernel/${name}`, text: succeeded ? stdout : `${complaint}\n` };
  });

async function secretsOf(config: Config | undefined): Promise<Secret[]> {
  if (!config) return [];
  const identity = await storedIdentity(config.stateDirectory).catch(() => undefined);
  const proxies = [...config.services, ...(config.kubernetes ? [config.kubernetes] : [])].flatMap(
    ({ proxies: each }) => [each?.https?.credentials, each?.http?.credentials],
  );
  const { secret, accepted = [] } = config.cluster;
  return [secret, ...accepted, identity?.privateKey, ...proxies].filter((each) => each instanceof Secret);
}

function namesIn(config: Config | undefined, status: Status | string): Names {
  if (typeof status === "string")
    return { nodes: [], others: config?.services.map(({ host }) => host) ?? [] };
  const { node, peers, refusedAffiliates } = status;
  return {
    nodes: [node.hostname, ...[...peers, ...refusedAffiliates].map(({ label }) => label)],
    others: [node.clusterId, ...(config?.services.map(({ host }) => host) ?? [])],
  };
}
