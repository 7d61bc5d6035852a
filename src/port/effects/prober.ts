import { lookup } from "node:dns/promises";
import type { Logger } from "pino";
import { errorText } from "../../base/index.ts";
import { pause } from "../../discovery/effects/index.ts";
import {
  type Endpoint,
  endpointAddress,
  endpointOf,
  type Family,
  familyOf,
  type HostPort,
  hostPortText,
  parseAddress,
} from "../../net/index.ts";
import type { Mapping } from "../mapping.ts";
import { bindingRequest, mappedEndpoint } from "../message.ts";

interface ProberOptions {
  readonly server: HostPort;
  /** Sends a packet from WireGuard's port. */
  readonly send: (packet: Uint8Array, to: Endpoint) => void;
  /** Makes 12 bytes that nobody can guess, by which an answer is known to be ours. */
  readonly newTransaction: () => Uint8Array;
  readonly log: Logger;
  readonly onChange: () => void;
}

/**
 * The milliseconds between two questions: the interval of WireGuard's keepalives, so that the mapping that is told
 * stays alive.
 */
const everyMs = 25_000;
/** The milliseconds to wait for an answer to each try (RFC 8489, section 6.2.1, but with an earlier end). */
const triesMs = [500, 1_000, 2_000, 4_000] as const;

interface Question {
  readonly server: Endpoint;
  readonly transaction: Uint8Array;
  readonly answered: AbortController;
}

/** Asks a STUN server again and again at which endpoints it sees WireGuard's port, over IPv4 and IPv6. */
export class Prober {
  readonly #options: ProberOptions;
  readonly #stop = new AbortController();
  readonly #questions = new Set<Question>();
  readonly #endpoints = new Map<Family, Endpoint>();
  readonly #ended: Promise<void>;
  readonly #server: string;
  #problem: string | undefined = "the STUN server was not heard of yet";

  constructor(options: ProberOptions) {
    this.#options = options;
    this.#server = hostPortText(options.server);
    this.#ended = this.#run();
  }

  get mapping(): Mapping {
    const problem = this.#problem;
    const endpoints = [...this.#endpoints.values()];
    return { server: this.#server, endpoints, ...(problem !== undefined && { problem }) };
  }

  /** Takes a packet that answers one of our requests, or pretends to. */
  receive(packet: Uint8Array, from: Endpoint): void {
    for (const { server, transaction, answered } of this.#questions) {
      const endpoint = server === from ? mappedEndpoint(packet, transaction) : undefined;
      if (endpoint === undefined) continue;
      answered.abort();
      this.#heard(familyOf(endpointAddress(server)), endpoint);
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  /** Asks again and again until the prober is stopped. Never rejects. */
  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const problem = await this.#round();
      if (!signal.aborted && problem !== this.#problem) this.#tell(problem);
      await pause(everyMs, signal);
    }
  }

  /** Asks once over each family; gives the problem if no family got an answer. */
  async #round(): Promise<string | undefined> {
    try {
      const servers = await this.#addresses();
      const answers = await Promise.all(servers.map((server) => this.#ask(server)));
      return answers.includes(true) ? undefined : `the STUN server ${this.#server} did not answer`;
    } catch (error) {
      return `the STUN server ${this.#server} was not found: ${errorText(error)}`;
    }
  }

  /** The endpoints of the server, one for each family that it has. */
  async #addresses(): Promise<Endpoint[]> {
    const { host, port } = this.#options.server;
    const found = await lookup(host, { all: true, order: "verbatim" });
    return ([4, 6] as const).flatMap((family) => {
      const address = parseAddress(found.find((each) => each.family === family)?.address ?? "");
      return (address && endpointOf(address, port)) ?? [];
    });
  }

  async #ask(server: Endpoint): Promise<boolean> {
    const { send, newTransaction } = this.#options;
    const answered = new AbortController();
    const question = { server, transaction: newTransaction(), answered };
    const over = AbortSignal.any([answered.signal, this.#stop.signal]);
    this.#questions.add(question);
    for (const waitMs of triesMs) {
      if (over.aborted) break;
      send(bindingRequest(question.transaction), server);
      await pause(waitMs, over);
    }
    this.#questions.delete(question);
    return answered.signal.aborted;
  }

  #heard(family: Family, endpoint: Endpoint): void {
    if (this.#endpoints.get(family) === endpoint) return;
    this.#endpoints.set(family, endpoint);
    this.#options.log.info({ server: this.#server, endpoint }, "seen from outside");
    this.#tell(undefined);
  }

  #tell(problem: string | undefined): void {
    if (problem !== undefined && this.#problem !== problem) this.#options.log.warn(problem);
    this.#problem = problem;
    this.#options.onChange();
  }
}
