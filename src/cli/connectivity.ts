import { type Command, Option } from "commander";
import { followConnectivity } from "../api/effects/index.ts";
import type { ConnectivityLine } from "../api/index.ts";
import { notInstalled } from "../base/index.ts";
import { print, probe } from "../system/index.ts";
import type { PodPair, Verdict } from "./connectivity-verdict.ts";
import { exampleText } from "./examples.ts";
import { configOption, runDirectoryOf } from "./options.ts";

interface TestOptions {
  readonly config: string;
  readonly output: "table" | "json";
}

/** The exit code of `kubespan connectivity test`. */
export const exitCodeOf = (verdicts: readonly Pick<Verdict, "result">[]): number =>
  verdicts.some(({ result }) => result === "fail") ? 19 : 0;

export function registerConnectivity(program: Command): void {
  program
    .command("connectivity")
    .description("test the ways to all peers")
    .command("test")
    .description("send large packets to all nodes and pod networks")
    .addOption(configOption())
    .addOption(
      new Option("-o, --output <format>", "format of the output").choices(["table", "json"]).default("table"),
    )
    .addHelpText(
      "after",
      `\nPackets as large as the MTU go there and back. The exit code is 19 if some do\nnot.\n${exampleText("connectivity test")}`,
    )
    .action(async ({ config, output }: TestOptions) => {
      const { verdictText } = await import("./connectivity-verdict.ts");
      const all: Verdict[] = [];
      for await (const verdict of judged(await runDirectoryOf(config))) {
        all.push(verdict);
        print(output === "json" ? `${JSON.stringify(verdict)}\n` : verdictText(verdict));
      }
      process.exitCode = exitCodeOf(all);
    });
}

type OfNode = Extract<ConnectivityLine, { linkMtu: number }>;

/** Gives the verdicts on each peer, as the peers answer. */
async function* judged(folder: string): AsyncGenerator<Verdict> {
  const { nodeVerdict, podPairs, podVerdict, untestedPods } = await import("./connectivity-verdict.ts");
  let own: OfNode = { linkMtu: 0, podAddresses: [] };
  for await (const line of followConnectivity(folder)) {
    if ("linkMtu" in line) {
      own = line;
      continue;
    }
    yield nodeVerdict(line, own.linkMtu);
    const pairs = podPairs(own.podAddresses, line.podAddresses);
    if (pairs.length === 0) yield untestedPods(line, own.podAddresses);
    for (const pair of pairs) {
      const mtu = line.routeMtu ?? own.linkMtu;
      const isFull = await passes(pair, mtu);
      yield podVerdict(line, pair, { isFull, isSmall: isFull || (await passes(pair)) }, mtu);
    }
  }
}

/** Sends packets of that size, or small ones, from one pod network to another; tells whether one comes back. */
async function passes({ from, to, headerBytes }: PodPair, packetBytes?: number): Promise<boolean> {
  const size = packetBytes === undefined ? 56 : packetBytes - headerBytes;
  const options = ["-n", "-c", "3", "-i", "0.2", "-W", "2", "-M", "do", "-s", String(size), "-I", from];
  const answer = await probe("ping", ...options, to);
  if (!answer.isInstalled) throw notInstalled("ping");
  return answer.succeeded;
}
