import { type Command, INPUT } from "../../base/index.ts";
import type { Address } from "../../net/index.ts";
import type { Runner } from "../../system/index.ts";
import {
  answeredNow,
  askingLines,
  type LinkQuestion,
  type Neighbours,
  neighbourQuestions,
  parseNeighbours,
  questionKey,
} from "../index.ts";

/** The most addresses that are asked for. */
const mostQuestions = 16;
/** The time between two questions about one address, in milliseconds. */
const askEveryMs = 5_000;
/** The time from a question to the look for its answer. The kernel asks three times, a second apart. */
const lookEveryMs = 500;

/**
 * Asks the machines on this node's links whether one of them has an address, as long as somebody wants to know: it makes the
 * kernel ask, by ARP or neighbour discovery, and reads what it learnt. Where that fails, nobody answers.
 */
export class LinkAnswers {
  readonly #run: Runner;
  readonly #onChange: () => void;
  #questions: readonly LinkQuestion[] = [];
  #answered: ReadonlySet<string> = new Set();
  #askedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  constructor(run: Runner, onChange: () => void) {
    this.#run = run;
    this.#onChange = onChange;
  }

  /** The addresses for which a machine on a link answers. */
  get found(): ReadonlySet<Address> {
    const answered = this.#questions.filter((question) => this.#answered.has(questionKey(question)));
    return new Set(answered.map(({ address }) => address));
  }

  /** Asks from now on for these addresses alone; what was answered about others is forgotten. */
  follow(questions: readonly LinkQuestion[]): void {
    const known = new Set(this.#questions.map(questionKey));
    this.#questions = questions.slice(0, mostQuestions);
    const keys = this.#questions.map(questionKey);
    this.#answered = new Set(keys.filter((key) => this.#answered.has(key)));
    if (keys.some((key) => !known.has(key))) this.#askedAt = Number.NEGATIVE_INFINITY;
    if (keys.length === 0) this.close();
    else if (!this.#timer && !this.#isLooking) this.#arm(0);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#questions = [];
    this.#answered = new Set();
  }

  #arm(inMs: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#isLooking = true;
      void this.#look().finally(() => {
        this.#isLooking = false;
        if (this.#questions.length > 0 && !this.#timer) this.#arm(lookEveryMs);
      });
    }, inMs);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const questions = this.#questions;
    const neighbours = await this.#neighbours(questions);
    const now = performance.now();
    if (now - this.#askedAt >= askEveryMs) {
      this.#askedAt = now;
      await this.#ask(questions, neighbours);
    }
    if (questions !== this.#questions) return;
    const before = this.#answered;
    this.#answered = answeredNow(questions, neighbours, before);
    if (before.size !== this.#answered.size || [...before].some((key) => !this.#answered.has(key)))
      this.#onChange();
  }

  async #neighbours(questions: readonly LinkQuestion[]): Promise<Neighbours> {
    try {
      return parseNeighbours(await this.#run(batch(neighbourQuestions(questions), "-j")));
    } catch {
      return new Map();
    }
  }

  /** Asks link by link: the tool ends at the first line that names a link which is gone. */
  async #ask(questions: readonly LinkQuestion[], neighbours: Neighbours): Promise<void> {
    for (const ofLink of Map.groupBy(questions, ({ link }) => link).values())
      try {
        await this.#run(batch(askingLines(ofLink, neighbours), "-force"));
      } catch {
        // An entry that went meanwhile is asked for the next time, and one of a link that is gone is no answer.
      }
  }
}

const batch = (input: string, option: string): Command => ({
  program: "ip",
  args: [option, "-batch", INPUT],
  input,
});
