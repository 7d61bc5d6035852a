import { errorText } from "../../base/index.ts";
import { tableName } from "../../nftables/index.ts";
import { racingTableName } from "../../port/index.ts";
import { eachLine, type Runner } from "../../system/index.ts";
import {
  IptablesScanner,
  linkWarnings,
  NftScanner,
  type Ours,
  routeWarnings,
  ruleWarnings,
  type Warning,
  wireguardWarnings,
  withoutTranslations,
} from "../index.ts";

export interface Scan {
  readonly warnings: readonly Warning[];
  /** The sources that could not be read, each with the reason; usually a tool is not installed. */
  readonly unread: readonly string[];
}

/**
 * Looks for software that uses marks, tables or priorities of the mesh. It runs one tool at a time, as there is no
 * hurry. Never rejects.
 */
export async function scanForOthers(run: Runner, ours: Ours): Promise<Scan> {
  const warnings: Warning[] = [];
  const unread: string[] = [];
  const look = async (read: () => Promise<readonly Warning[]>): Promise<boolean> => {
    try {
      warnings.push(...(await read()));
      return true;
    } catch (error) {
      unread.push(errorText(error));
      return false;
    }
  };
  const ip = (...args: string[]): Promise<string> => run({ program: "ip", args });
  for (const family of [4, 6] as const) {
    await look(async () => ruleWarnings(await ip(`-${family}`, "-j", "-N", "rule", "show"), family, ours));
    const table = ["route", "show", "table", String(ours.table)];
    await look(async () => routeWarnings(await ip(`-${family}`, "-j", ...table), family, ours));
  }
  await look(async () => linkWarnings(await ip("-j", "-d", "link", "show"), ours));
  await look(async () =>
    wireguardWarnings(await run({ program: "wg", args: ["show", "all", "fwmark"] }), ours),
  );
  const isTranslatedRead = await scanIptables(look, ours);
  await look(async () => {
    const scanner = new NftScanner(ours, [tableName, racingTableName]);
    await eachLine("nft", ["-t", "list", "ruleset"], (line) => scanner.line(line));
    return withoutTranslations(scanner.warnings(!isTranslatedRead), warnings);
  });
  return { warnings, unread };
}

/**
 * Scans both back ends of iptables, if the tools are installed. Tells whether the rules that iptables keeps in nftables
 * were read.
 */
async function scanIptables(
  look: (read: () => Promise<readonly Warning[]>) => Promise<boolean>,
  ours: Ours,
): Promise<boolean> {
  const save = (tool: string): Promise<boolean> =>
    look(async () => {
      const scanner = new IptablesScanner(ours, tool.replace("-save", ""));
      await eachLine(tool, [], (line) => scanner.line(line));
      return scanner.warnings();
    });
  const [nft4, nft6] = [await save("iptables-nft-save"), await save("ip6tables-nft-save")];
  const [legacy4, legacy6] = [await save("iptables-legacy-save"), await save("ip6tables-legacy-save")];
  if (!nft4 && !legacy4) await save("iptables-save");
  if (!nft6 && !legacy6) await save("ip6tables-save");
  return nft4 && nft6;
}
