import type { KubernetesCluster, Pod } from "../../lab/cluster/index.ts";
import { attempt } from "../../lab/command.ts";
import { PingStream } from "../../lab/index.ts";

const entering = ({ pid }: Pod) => ({
  namespace: {
    enter: (argv: readonly string[]): string[] => [
      "nsenter",
      "--target",
      String(pid),
      "--net",
      "--",
      ...argv,
    ],
  },
});

/**
 * What pods of a cluster send each other all the time: pings on three ways, and transfers both ways, one after another.
 * They are short, as long ones would fill the queues, and the loss of pings there has another reason.
 */
export class Load {
  readonly #streams: readonly PingStream[];
  readonly #transfers: Promise<void>;
  readonly #failed: string[] = [];
  #done = 0;
  #isStopped = false;

  private constructor(
    streams: readonly PingStream[],
    transfer: (order: string) => Promise<string | undefined>,
  ) {
    this.#streams = streams;
    this.#transfers = (async () => {
      while (!this.#isStopped)
        for (const order of ["get", "put"]) {
          const problem = await transfer(order);
          if (problem === undefined) this.#done++;
          else this.#failed.push(problem);
        }
    })();
  }

  static async start(cluster: KubernetesCluster): Promise<Load> {
    const { of } = await cluster.pods();
    const pairs = [
      [of.n2, of.n3],
      [of.n3, of.n1],
      [of.n1, of.n2],
    ] as const;
    const streams = await Promise.all(
      pairs.map(([from, to]) => PingStream.start(entering(from), to.address, 0.05)),
    );
    const target = `${of.n3.address}:8080`;
    return new Load(streams, async (order) => {
      const argv = [cluster.programs.probe, order, "w-0000000000000", target, "30000"];
      const { exitCode, stdout } = await attempt(entering(of.n2).namespace.enter(argv));
      return exitCode === 0 ? undefined : stdout.trim();
    });
  }

  async stop(): Promise<{
    readonly pings: readonly { readonly sent: number; readonly lost: number }[];
    readonly transfers: { readonly done: number; readonly failed: readonly string[] };
  }> {
    this.#isStopped = true;
    await this.#transfers;
    for (const stream of this.#streams) await stream.moreAnswers(1);
    const pings = await Promise.all(this.#streams.map((stream) => stream.stop()));
    return { pings, transfers: { done: this.#done, failed: this.#failed } };
  }
}
