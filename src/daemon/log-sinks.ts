import { talosLine } from "../base/index.ts";
import type { Config, LogDestination } from "../config/index.ts";
import { hostPortText } from "../net/index.ts";
import { createLogger, LogSink, RecentLines } from "../system/index.ts";

/** The milliseconds for which the end of the daemon waits for those who take the log. */
const lastMs = 1_000;

/** The places that get each line of the log over the network. */
class LogSinks {
  readonly #sinks: readonly LogSink[];

  /** `warn` is told of lines that did not arrive. */
  constructor(destinations: readonly LogDestination[], warn: (text: string) => void) {
    this.#sinks = destinations.map(
      (each) =>
        new LogSink(each, (lines) =>
          warn(`${lines} lines of the log did not reach ${each.protocol}://${hostPortText(each)}`),
        ),
    );
  }

  write(line: string): void {
    if (this.#sinks.length === 0) return;
    const entry = talosLine(line);
    if (entry !== undefined) for (const sink of this.#sinks) sink.write(entry);
  }

  async close(): Promise<void> {
    await Promise.all(this.#sinks.map((sink) => sink.close(lastMs)));
  }
}

/** Makes the log of the daemon: its last lines are kept, and each goes to the destinations as well. */
export function openLog(config: Config["log"]) {
  const lines = new RecentLines();
  const sinks = new LogSinks(config.destinations, (text) => log.warn(text));
  const log = createLogger(config, (line) => {
    lines.add(line);
    sinks.write(line);
  });
  return { log, lines, sinks };
}
