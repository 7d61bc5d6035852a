import { randomInt } from "node:crypto";
import type { PeerReport } from "../../api/index.ts";
import type { Sides } from "../../members/index.ts";
import type { Address } from "../../net/index.ts";
import {
  type Answer,
  Budget,
  type Cell,
  cellOf,
  holeIn,
  inOrder,
  type Measured,
  messageBytes,
  mostAddresses,
  mostCells,
  type Noted,
  type Question,
  readMessage,
  toMeasure,
} from "../index.ts";
import { Echoes } from "./echoes.ts";

/** The milliseconds to wait for an answer, which takes as long as two echoes, and how often a question is asked. */
const answerMs = 3_000;
const attempts = 2;
/** The questions of others that are checked in a second, each of which costs as much as a handshake. */
const mostQuestions = 50;
/** The questions of all and of one member that are answered at one time. Who asks more is not answered, and asks again. */
const mostAtOnce = { all: 32, each: 2 } as const;
/** The milliseconds for which what this node knows of its peers is good enough for an answer. */
const freshMs = 2_000;

/** What a node knows of itself and its peers at the moment. */
export interface Present {
  readonly peers: readonly PeerReport[];
  readonly linkMtu: number;
  /** The addresses of this node in its own pod networks. */
  readonly podAddresses: readonly Address[];
}

interface SurveyOptions {
  readonly keys: Omit<Sides, "peer">;
  readonly post: (bytes: Uint8Array, to: Address) => void;
  /** Gives the public key of the member with an address. */
  readonly keyAt: (address: Address) => string | undefined;
  readonly present: () => Present;
  /** The echoes, if others send some, too. */
  readonly echoes?: Echoes;
}

interface Awaited {
  readonly from: Address;
  readonly heard: (answer: Answer) => void;
}

/** Asks members whom they reach, and answers their questions. Whoever is not a member gets no answer. */
export class Survey {
  readonly #options: SurveyOptions;
  readonly #echoes: Echoes;
  readonly #noted = new Map<Address, Noted>();
  readonly #awaited = new Map<number, Awaited>();
  readonly #budget = new Budget(mostQuestions);
  /** The questions that are being answered, by who asked and their number: an answer may take longer than a repetition. */
  readonly #underWay = new Set<string>();
  #present: { readonly at: number; readonly value: Present } | undefined;

  constructor(options: SurveyOptions) {
    this.#options = options;
    const { post, keyAt } = options;
    this.#echoes =
      options.echoes ?? new Echoes({ post, isMember: (address) => keyAt(address) !== undefined });
  }

  /** Takes a datagram of a node of the mesh. */
  receive(bytes: Uint8Array, from: Address): void {
    if (this.#echoes.receive(bytes, from)) return;
    const read = readMessage(bytes);
    if (!read) return;
    const { message } = read;
    const awaited = "answer" in message ? this.#awaited.get(message.answer.number) : undefined;
    if ("answer" in message && awaited?.from !== from) return;
    if (!this.#budget.take(performance.now()) && !awaited) return;
    const peer = this.#options.keyAt(from);
    if (peer === undefined || !read.isFrom({ ...this.#options.keys, peer })) return;
    if ("answer" in message) awaited?.heard(message.answer);
    else void this.#answer(message.question, from, peer);
  }

  async #answer(question: Question, to: Address, peer: string): Promise<void> {
    const name = `${to} ${question.number}`;
    const ofSame = [...this.#underWay].filter((each) => each.startsWith(`${to} `)).length;
    if (this.#underWay.has(name) || this.#underWay.size >= mostAtOnce.all || ofSame >= mostAtOnce.each)
      return;
    this.#underWay.add(name);
    try {
      const bytes = messageBytes({ answer: await this.#answerTo(question) }, { ...this.#options.keys, peer });
      if (bytes) this.#options.post(bytes, to);
    } finally {
      this.#underWay.delete(name);
    }
  }

  async #answerTo(question: Question): Promise<Answer> {
    const { number } = question;
    if (question.kind === "row") return this.ownPage(question.from, number);
    return { kind: "pods", number, addresses: this.#presentNow().podAddresses.slice(0, mostAddresses) };
  }

  /** Measures the paths to some of this node's peers, from that index on. */
  async ownPage(from: number, number = 0): Promise<Extract<Answer, { kind: "row" }>> {
    const { peers, linkMtu } = this.#presentNow();
    const page = peers.slice(from, from + mostCells);
    const cells = await Promise.all(page.map((peer) => this.cellTo(peer, linkMtu)));
    return { kind: "row", number, total: peers.length, linkMtu, cells };
  }

  /** Measures the path to a peer, if there is one and it was not measured a moment ago. */
  async cellTo(peer: PeerReport, linkMtu: number): Promise<Cell> {
    return cellOf(peer, isReached(peer) ? await this.#echoes.measure(peer.address, linkMtu) : undefined);
  }

  /** Measures the path to a peer, if there is one, for somebody who asks how it is now. */
  async cellNow(peer: PeerReport, linkMtu: number): Promise<Cell> {
    return cellOf(peer, isReached(peer) ? await this.#echoes.measureAnew(peer.address, linkMtu) : undefined);
  }

  /**
   * Measures the paths to peers that are up, as far as that was not done, without waiting for it; gives what was found
   * before of those on which large packets get lost, by node id.
   */
  holes(peers: readonly PeerReport[], linkMtu: number): ReadonlyMap<string, Measured> {
    const now = performance.now();
    const noted = ({ address }: PeerReport): Noted | undefined => this.#noted.get(address);
    for (const peer of toMeasure(peers, noted, now)) void this.#note(peer.address, linkMtu);
    const found = peers.flatMap((peer) => {
      const hole = holeIn(peer, noted(peer), linkMtu, now);
      return hole ? [[peer.nodeId, hole] as const] : [];
    });
    const known = new Set(peers.map(({ address }) => address));
    for (const address of this.#noted.keys()) if (!known.has(address)) this.#noted.delete(address);
    return new Map(found);
  }

  async #note(address: Address, linkMtu: number): Promise<void> {
    const at = performance.now();
    this.#noted.set(address, { at, measured: await this.#echoes.measure(address, linkMtu) });
  }

  /** Asks a member; `undefined` if it does not answer. */
  async ask<Kind extends Question["kind"]>(
    address: Address,
    question: Omit<Extract<Question, { kind: Kind }>, "number"> & { readonly kind: Kind },
  ): Promise<Extract<Answer, { kind: Kind }> | undefined> {
    const peer = this.#options.keyAt(address);
    const number = randomInt(2 ** 47);
    const bytes =
      peer === undefined
        ? undefined
        : messageBytes(
            { question: { ...question, number } as unknown as Question },
            { ...this.#options.keys, peer },
          );
    if (!bytes) return undefined;
    const heard = Promise.withResolvers<Answer>();
    this.#awaited.set(number, { from: address, heard: heard.resolve });
    try {
      for (let attempt = 0; attempt < attempts; attempt++) {
        this.#options.post(bytes, address);
        const answer = await inTime(heard.promise, answerMs);
        if (answer) return answer.kind === question.kind ? (answer as never) : undefined;
      }
      return undefined;
    } finally {
      this.#awaited.delete(number);
    }
  }

  #presentNow(): Present {
    const now = performance.now();
    if (!this.#present || now - this.#present.at >= freshMs) {
      const { peers, ...rest } = this.#options.present();
      this.#present = { at: now, value: { ...rest, peers: inOrder(peers) } };
    }
    return this.#present.value;
  }
}

const isReached = ({ state, suspected }: PeerReport): boolean => state === "up" && !suspected;

/** The value of a promise; `undefined` if it takes longer. */
function inTime<Value>(promise: Promise<Value>, ms: number): Promise<Value | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), ms);
    void promise.then((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}
