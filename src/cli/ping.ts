import { setTimeout as delay } from "node:timers/promises";
import { type Command, Option } from "commander";
import { fetchStatus } from "../api/effects/index.ts";
import { notInstalled } from "../base/index.ts";
import { print, probe } from "../system/index.ts";
import { exampleText } from "./examples.ts";
import { configOption, runDirectoryOf, wholeNumber } from "./options.ts";
import { peerNamed } from "./peer-named.ts";

interface PingOptions {
  readonly config: string;
  readonly count?: number;
  readonly size: number;
  readonly untilDirect?: true;
}

const pauseMs = 1_000;

export function registerPing(program: Command): void {
  program
    .command("ping")
    .argument("<peer>", "peer by name, node id, public key or address")
    .description("ping a peer, and tell over which way")
    .addOption(configOption())
    .addOption(
      new Option("--count <number>", "pings to send (4, or 30 with --until-direct)").argParser(
        wholeNumber(1, 1e6),
      ),
    )
    .addOption(
      new Option("--size <bytes>", "bytes of data in each ping")
        .default(56)
        .argParser(wholeNumber(0, 65_000)),
    )
    .option("--until-direct", "end with the first answer over a direct way")
    .addHelpText(
      "after",
      `\nThe exit code is 16 if nothing was answered, or with --until-direct nothing over\na direct way.\n${exampleText("ping")}`,
    )
    .action(async (name: string, options: PingOptions) => {
      const isAnswered = await pingPeer(await runDirectoryOf(options.config), name, options);
      process.exitCode = exitCodeOf(isAnswered);
    });
}

/** The exit code of `kubespan ping`. */
export const exitCodeOf = (isAnswered: boolean): number => (isAnswered ? 0 : 16);

/** Pings until there were enough pings; gives whether the answer that was wanted came. */
async function pingPeer(
  folder: string,
  name: string,
  { untilDirect, size, count = untilDirect ? 30 : 4 }: PingOptions,
): Promise<boolean> {
  const { pongOf, pongText } = await import("./ping-text.ts");
  let isAnswered = false;
  for (let number = 1; number <= count; number++) {
    if (number > 1) await delay(pauseMs);
    const { address } = peerNamed(await fetchStatus(folder), name);
    const answer = await probe("ping", "-n", "-c", "1", "-W", "2", "-s", String(size), address);
    if (!answer.isInstalled) throw notInstalled("ping");
    const peer = peerNamed(await fetchStatus(folder), name); // the ping itself may have made the peer connect
    const pong = pongOf(answer.stdout, peer);
    print(pongText(pong, number));
    if (pong.roundTripMs === undefined) continue;
    if (!untilDirect) isAnswered = true;
    else if (pong.way.kind !== "none" && !("via" in pong.way)) return true;
  }
  return isAnswered;
}
