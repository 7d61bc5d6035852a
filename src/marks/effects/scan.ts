import { errorText, mainLink } from "../../base/index.ts";
import { tableNameOf } from "../../nftables/index.ts";
import { racingTableNameOf } from "../../port/index.ts";
import { relayTablesOf } from "../../relay/index.ts";
import { type EachLine, eachLine, eachLineSoon, type Runner } from "../../system/index.ts";
import {
  asOurs,
  type Block,
  type Collision,
  type Finding,
  FirewallScanner,
  type Interference,
  IptablesScanner,
  interferences,
  linkWarnings,
  NftScanner,
  type Ours,
  type Passage,
  routeWarnings,
  routingCollisions,
  ruleCollisions,
  ruleWarnings,
  type Warning,
  wireguardWarnings,
  withoutTranslations,
} from "../index.ts";

export interface Scan {
  readonly warnings: readonly Interference[];
  /** The sources that could not be read, each with the reason; usually a tool is not installed. */
  readonly unread: readonly string[];
  /** The chains of firewalls that may keep out what the mesh needs. */
  readonly blocks: readonly Block[];
}

/**
 * Looks for software that uses marks, tables or priorities of the mesh. It runs one tool at a time, as there is no
 * hurry; a command that somebody waits for gives `eachLineSoon` for `read`. Never rejects.
 */
export async function scanForOthers(
  run: Runner,
  ours: Ours,
  passage: Passage,
  read: EachLine = eachLine,
): Promise<Scan> {
  const firewall = new FirewallScanner(passage, isOwnTable);
  const warnings: Interference[] = [];
  const unread: string[] = [];
  const look = lookInto(unread);
  const note = (found: readonly Warning[]): void => {
    warnings.push(...found.map((warning): Interference => ({ ...warning, about: "numbers" })));
  };
  const ip = (...args: string[]): Promise<string> => run({ program: "ip", args });
  for (const family of [4, 6] as const) {
    await look(async () =>
      note(ruleWarnings(await ip(`-${family}`, "-j", "-N", "rule", "show"), family, ours)),
    );
    const table = ["route", "show", "table", String(ours.table)];
    await look(async () => note(routeWarnings(await ip(`-${family}`, "-j", ...table), family, ours)));
  }
  await look(async () => note(linkWarnings(await ip("-j", "-d", "link", "show"), ours)));
  await look(async () =>
    note(wireguardWarnings(await run({ program: "wg", args: ["show", "all", "fwmark"] }), ours)),
  );
  warnings.push(...interferences(await scanRules({ look, read }, ours, ownTables, firewall)));
  return { warnings, unread, blocks: firewall.blocks() };
}

/** The uses of bits by rules on this machine, whoever made them, and the sources that could not be read. */
export async function scanForCollisions(
  run: Runner,
  bits: number,
): Promise<{ readonly collisions: readonly Collision[]; readonly unread: readonly string[] }> {
  const collisions: Collision[] = [];
  const unread: string[] = [];
  const look = lookInto(unread);
  const machine = "this machine";
  for (const family of [4, 6] as const)
    await look(async () => {
      const text = await run({ program: "ip", args: [`-${family}`, "-j", "-N", "rule", "show"] });
      collisions.push(...routingCollisions(machine, family, text, bits));
    });
  collisions.push(
    ...ruleCollisions(machine, await scanRules({ look, read: eachLineSoon }, asOurs(bits), [])),
  );
  return { collisions, unread };
}

/** The findings about rules in nftables and iptables, without the tables that are given. A firewall is read with them. */
async function scanRules(
  ways: Ways,
  ours: Ours,
  without: readonly string[],
  firewall?: FirewallScanner,
): Promise<Finding[]> {
  const { findings, areTranslatedRead } = await scanIptables(ways, ours, firewall);
  const scanner = new NftScanner(ours, without);
  const isRead = await ways.look(() =>
    ways.read("nft", ["-t", "list", "ruleset"], (line) => {
      scanner.line(line);
      firewall?.nft(line);
    }),
  );
  const native = isRead ? withoutTranslations(scanner.findings(!areTranslatedRead), findings) : [];
  return [...findings, ...native];
}

const legacyTools = ["iptables-legacy", "ip6tables-legacy"] as const;
const ownTables = [
  tableNameOf(mainLink),
  racingTableNameOf(mainLink),
  ...Object.values(relayTablesOf(mainLink)),
];

const isOwnTable = (table: string): boolean =>
  ownTables.some((own) => table === own || table.startsWith(`${own}_`));

/** Tries to read a source. Tells whether the source could be read. */
type Look = (read: () => Promise<void>) => Promise<boolean>;

/** The means by which sources are read, and failures of it noted. */
interface Ways {
  readonly look: Look;
  readonly read: EachLine;
}

/** Notes why a source could not be read. */
const lookInto =
  (unread: string[]): Look =>
  async (read) => {
    try {
      await read();
      return true;
    } catch (error) {
      unread.push(errorText(error));
      return false;
    }
  };

/**
 * Scans both back ends of iptables, if the tools are installed. Tells whether the rules that iptables keeps in nftables
 * were read.
 */
async function scanIptables(
  { look, read }: Ways,
  ours: Ours,
  firewall: FirewallScanner | undefined,
): Promise<{ readonly findings: readonly Finding[]; readonly areTranslatedRead: boolean }> {
  const findings: Finding[] = [];
  const save = (tool: string): Promise<boolean> =>
    look(async () => {
      const scanner = new IptablesScanner(ours, tool.replace("-save", ""));
      const legacy = legacyTools.find((each) => tool === `${each}-save`);
      await read(tool, [], (line) => {
        scanner.line(line);
        if (legacy) firewall?.legacy(legacy, line);
      });
      findings.push(...scanner.findings());
    });
  const [nft4, nft6] = [await save("iptables-nft-save"), await save("ip6tables-nft-save")];
  const [legacy4, legacy6] = [await save("iptables-legacy-save"), await save("ip6tables-legacy-save")];
  if (!nft4 && !legacy4) await save("iptables-save");
  if (!nft6 && !legacy6) await save("ip6tables-save");
  return { findings, areTranslatedRead: nft4 && nft6 };
}
