import { lookup } from "node:dns/promises";
import { setImmediate } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import { errorText } from "../../base/index.ts";
import { pause, Wake } from "../../discovery/effects/index.ts";
import { type Endpoint, endpointOf, type HostPort, hostPortText, parseAddress } from "../../net/index.ts";
import { bindingRequest, mappedEndpoint } from "../../stun/index.ts";
import type { Mapping, Observation } from "../mapping.ts";
import {
  type Asked,
  afterAnswer,
  allDue,
  askAllEveryMs,
  asking,
  followed,
  nameOf,
  newsEveryMs,
  turnOf,
} from "../questions.ts";

interface ProberOptions {
  /** Sends a packet from WireGuard's port. */
  readonly send: (packet: Uint8Array, to: Endpoint) => void;
  /** Makes 12 bytes that nobody can guess, by which an answer is known to be ours. */
  readonly newTransaction: () => Uint8Array;
  /** The present time in milliseconds since 1970. */
  readonly clock: () => number;
  readonly log: Logger;
  readonly onChange: () => void;
  /** Gives the addresses of a name, from the resolver of the system unless a test has another one. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

/** The milliseconds to wait for an answer to each try (RFC 8489, section 6.2.1, but with an earlier end). */
const triesMs = [500, 1_000, 2_000, 4_000] as const;
/** The milliseconds to wait while nothing has changed: for one packet, and long enough for any path. */
const calmTriesMs = [4_000] as const;

interface Question {
  readonly asked: Asked;
  readonly server: Endpoint;
  readonly transaction: Uint8Array;
  readonly answered: AbortController;
}

const ofSystem = async (host: string): Promise<readonly string[]> =>
  (await lookup(host, { all: true, order: "verbatim" })).map(({ address }) => address);

/** Asks STUN servers at which endpoints they see WireGuard's port, over IPv4 and IPv6. */
export class Prober {
  readonly #options: ProberOptions;
  readonly #stop = new AbortController();
  readonly #questions = new Set<Question>();
  readonly #observations = new Map<string, Observation>();
  /** The servers that were not found, by host and port. */
  readonly #notFound = new Map<string, string>();
  readonly #changed = new Wake();
  readonly #underWay = new Set<Promise<void>>();
  readonly #ended: Promise<void>;
  #asked: readonly Asked[] = [];
  /** The time until which one server's news make nobody else be asked. */
  #newsAfter = 0;
  #askAllAfter = 0;

  constructor(options: ProberOptions) {
    this.#options = options;
    this.#ended = this.#run();
  }

  get mapping(): Mapping {
    const observers = Map.groupBy(this.#asked, ({ server }) => hostPortText(server));
    const problems = [...observers].flatMap(([observer, all]) => {
      const problem = this.#problemOf(observer, all);
      return problem === undefined ? [] : [{ observer, problem }];
    });
    return { observations: [...this.#observations.values()], problems };
  }

  /** Asks these servers from now on, new ones at once. What others said is forgotten. */
  follow(servers: readonly HostPort[]): void {
    const after = followed(servers, this.#asked);
    const names = new Set(after.map(nameOf));
    for (const name of this.#observations.keys()) if (!names.has(name)) this.#observations.delete(name);
    this.#asked = after;
    if (after.some(({ isDue }) => isDue)) this.#changed.notify();
  }

  /** Asks all servers at once, because something has changed about the paths of this node. */
  askAll(): void {
    const now = this.#options.clock();
    if (now < this.#askAllAfter) return;
    this.#askAllAfter = now + askAllEveryMs;
    this.#asked = allDue(this.#asked);
    this.#changed.notify();
  }

  /** Resolves when the questions that are due now were answered, or nobody is waited for any longer. */
  async answered(): Promise<void> {
    await setImmediate(); // the loop takes up what is due
    await Promise.all(this.#underWay);
  }

  /** Takes a packet that answers one of our requests, or pretends to. */
  receive(packet: Uint8Array, from: Endpoint): void {
    for (const { asked, server, transaction, answered } of this.#questions) {
      const endpoint = server === from ? mappedEndpoint(packet, transaction) : undefined;
      if (endpoint === undefined || answered.signal.aborted) continue;
      answered.abort();
      this.#heard(asked, endpoint);
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
      const now = this.#options.clock();
      const turn = turnOf(this.#asked, now);
      for (const each of turn.now) {
        this.#replace(asking(each, now));
        const question = this.#askOne(each).finally(() => this.#underWay.delete(question));
        this.#underWay.add(question);
      }
      if (turn.waitMs > 0) await this.#changed.wait(turn.waitMs, signal);
    }
    await Promise.all(this.#underWay);
  }

  /** Asks one server, and notes whether it answered. Never rejects. */
  async #askOne(asked: Asked): Promise<void> {
    const problems = this.mapping.problems;
    const server = await this.#addressOf(asked);
    const isAnswered = server !== undefined && (await this.#ask(asked, server));
    if (this.#stop.signal.aborted) return;
    const present = this.#asked.find((each) => nameOf(each) === nameOf(asked));
    if (present) this.#replace(afterAnswer(present, asked.isDue, isAnswered));
    this.#changed.notify();
    if (isDeepStrictEqual(problems, this.mapping.problems)) return;
    for (const { problem } of this.mapping.problems) this.#options.log.debug(problem);
    this.#options.onChange();
  }

  #replace(asked: Asked): void {
    const name = nameOf(asked);
    this.#asked = this.#asked.map((each) => (nameOf(each) === name ? asked : each));
  }

  /** The endpoint of the server in this family; `undefined` if it has none, or was not found. */
  async #addressOf({ server, family }: Asked): Promise<Endpoint | undefined> {
    const { resolve = ofSystem } = this.#options;
    const observer = hostPortText(server);
    try {
      const found = (await resolve(server.host)).flatMap((text) => parseAddress(text) ?? []);
      this.#notFound.delete(observer);
      const address = found.find((each) => each.includes(":") === (family === 6));
      return address && endpointOf(address, server.port);
    } catch (error) {
      this.#notFound.set(observer, errorText(error));
      return undefined;
    }
  }

  async #ask(asked: Asked, server: Endpoint): Promise<boolean> {
    const { send, newTransaction } = this.#options;
    const answered = new AbortController();
    const question = { asked, server, transaction: newTransaction(), answered };
    const over = AbortSignal.any([answered.signal, this.#stop.signal]);
    this.#questions.add(question);
    for (const waitMs of asked.isDue ? triesMs : calmTriesMs) {
      if (over.aborted) break;
      send(bindingRequest(question.transaction), server);
      await pause(waitMs, over);
    }
    this.#questions.delete(question);
    return answered.signal.aborted;
  }

  #heard(asked: Asked, endpoint: Endpoint): void {
    const { clock, log, onChange } = this.#options;
    const [name, now] = [nameOf(asked), clock()];
    if (!this.#asked.some((each) => nameOf(each) === name)) return; // it is not followed any more
    const before = this.#observations.get(name);
    const isSame = before?.endpoint === endpoint;
    const observer = hostPortText(asked.server);
    const since = isSame ? before.since : now;
    this.#observations.set(name, { observer, by: "server", endpoint, since, at: now });
    if (isSame) return;
    log.info({ server: observer, endpoint }, "seen from outside");
    // A NAT that maps by destination has other ports for all servers at any time, which is news for nobody.
    if (before && now >= this.#newsAfter) {
      this.#newsAfter = now + newsEveryMs;
      this.#asked = allDue(this.#asked, name);
      this.#changed.notify();
    }
    onChange();
  }

  #problemOf(observer: string, asked: readonly Asked[]): string | undefined {
    const notFound = this.#notFound.get(observer);
    if (notFound !== undefined) return `the STUN server ${observer} was not found: ${notFound}`;
    if (asked.some(({ silent }) => silent === 0)) return undefined; // it answers, or has not been asked yet
    return `the STUN server ${observer} did not answer`;
  }
}
