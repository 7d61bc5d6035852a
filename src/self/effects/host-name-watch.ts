import { lookup } from "node:dns/promises";
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import { errorText } from "../../base/index.ts";
import { pause } from "../../discovery/effects/index.ts";
import {
  type Address,
  endpointOf,
  type HostPort,
  hostPortText,
  parseAddress,
  unreachableKind,
} from "../../net/index.ts";
import type { HostNameAnswer } from "../host-names.ts";

interface Options {
  readonly names: readonly HostPort[];
  readonly log: Logger;
  /** Gives the addresses of a name, from the resolver of the system unless a test has another one. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** The milliseconds between two questions. */
  readonly everyMs?: number;
}

/**
 * The milliseconds between two questions. No event tells that a name leads elsewhere, and services for changing
 * addresses let answers live for a minute.
 */
const minuteMs = 60_000;
/** The largest number of addresses of one name that are announced. */
const mostAddresses = 8;

const ofSystem = async (host: string): Promise<readonly string[]> =>
  (await lookup(host, { all: true, order: "verbatim" })).map(({ address }) => address);

/** Asks again and again where the host names lead under which this node can be reached. */
export class HostNameWatch {
  readonly #options: Options;
  readonly #stop = new AbortController();
  #answers: readonly HostNameAnswer[];
  #ended: Promise<void> | undefined;

  constructor(options: Options) {
    this.#options = options;
    this.#answers = options.names.map((name) => ({ ...name, endpoints: [], problem: "not asked for yet" }));
  }

  get answers(): readonly HostNameAnswer[] {
    return this.#answers;
  }

  /** Begins to ask. `onChange` is called when an answer has changed. */
  start(onChange: () => void): void {
    if (this.#options.names.length > 0) this.#ended ??= this.#run(onChange);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  /** Asks until it is stopped. Never rejects. */
  async #run(onChange: () => void): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const answers = await Promise.all(this.#answers.map((before) => this.#ask(before)));
      if (!signal.aborted && !isDeepStrictEqual(answers, this.#answers)) {
        this.#tell(answers);
        onChange();
      }
      await pause(this.#options.everyMs ?? minuteMs, signal);
    }
  }

  async #ask({ host, port, endpoints }: HostNameAnswer): Promise<HostNameAnswer> {
    const { resolve = ofSystem } = this.#options;
    try {
      const found = (await resolve(host)).flatMap((text) => parseAddress(text) ?? []);
      const usable = found.filter((address) => unreachableKind(address) === undefined);
      if (usable.length > 0) return { host, port, endpoints: endpointsOf(usable, port) };
      return { host, port, endpoints, problem: `${host} leads to no address that other nodes can reach` };
    } catch (error) {
      return { host, port, endpoints, problem: `${host} was not found: ${errorText(error)}` };
    }
  }

  #tell(answers: readonly HostNameAnswer[]): void {
    const { log } = this.#options;
    answers.forEach((answer, index) => {
      const before = this.#answers[index];
      if (isDeepStrictEqual(answer, before)) return;
      const endpoint = hostPortText(answer);
      if (answer.problem === undefined)
        log.info({ endpoint, leadsTo: answer.endpoints }, "a host name of this node leads elsewhere");
      else log.warn({ endpoint }, answer.problem);
    });
    this.#answers = answers;
  }
}

/** The endpoints in an order that does not depend on that of the answer, which changes from one to the next. */
const endpointsOf = (addresses: readonly Address[], port: number): HostNameAnswer["endpoints"] =>
  [...new Set(addresses)]
    .sort()
    .slice(0, mostAddresses)
    .flatMap((address) => endpointOf(address, port) ?? []);
