import { fileURLToPath } from "node:url";
import type { Status } from "../src/api/index.ts";
import type { Result } from "./command.ts";
import { type ConfigOptions, configText } from "./config.ts";
import { confined } from "./confined.ts";
import type { Namespace } from "./namespace.ts";
import { Service } from "./service.ts";
import { waitFor } from "./wait.ts";

/** The launcher of the program, which has to be built before. */
export const kubespan = fileURLToPath(new URL("../bin/kubespan", import.meta.url));

/** The path of the configuration, which every node has in its own namespace. That of a second mesh there has its name in it. */
export const configFile = "/run/kubespan.yaml";

/** The exit codes of `status` with which a daemon answered: it works, does not do its work, or is disabled. */
const answered = [0, 12, 13];

/** The process `kubespan run` on a node, and the commands that an operator types there. */
export class Daemon extends Service {
  readonly name: string;
  readonly #namespace: Namespace;
  readonly #file: string;

  /** `second` is the name of a mesh besides the first one on the node, `program` the launcher of another build. */
  constructor(name: string, namespace: Namespace, second?: string, program = kubespan) {
    const file = second === undefined ? configFile : `/run/${second}.yaml`;
    super(namespace, second ?? "daemon", confined(file, [program, "run", "--config", file]));
    this.name = name;
    this.#namespace = namespace;
    this.#file = file;
  }

  configure(options: ConfigOptions): Promise<void> {
    const daemon = { node: { name: this.name }, ...options.daemon };
    return this.#namespace.write(this.#file, configText({ ...options, daemon }));
  }

  /** Runs `kubespan COMMAND --config FILE ...`. */
  command(name: string, ...args: string[]): Promise<Result> {
    return this.#namespace.attempt(kubespan, name, "--config", this.#file, ...args);
  }

  async status(): Promise<Status> {
    const { exitCode, stdout, stderr } = await this.command("status", "-o", "json");
    if (!answered.includes(exitCode)) throw new Error(stderr);
    return JSON.parse(stdout) as Status;
  }

  /** Waits until the daemon answers with the wanted status. */
  waitForStatus(what: string, isAsWanted: (status: Status) => boolean): Promise<Status> {
    return waitFor(
      async () => {
        const status = await this.status();
        return isAsWanted(status) && status;
      },
      { what: `${what} on ${this.name}`, describe: () => this.#picture() },
    );
  }

  /** Waits until exactly these peers are known, and all of them are up. */
  waitForPeers(...names: string[]): Promise<Status> {
    const wanted = names.toSorted().join();
    return this.waitForStatus(`the peers ${wanted}`, ({ peers }) => {
      const up = peers.filter(({ state }) => state === "up").map(({ label }) => label);
      return peers.length === names.length && up.toSorted().join() === wanted;
    });
  }

  async #picture(): Promise<string> {
    const { stdout, stderr } = await this.command("status");
    return `${stdout}${stderr}\n--- log\n${(await this.log()).slice(-6000)}`;
  }
}
