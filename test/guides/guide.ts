import { expect } from "vitest";
import { waitFor } from "../../lab/index.ts";
import { type Machine, type Printed, shell } from "./machine.ts";
import { missingLine, type Step, stepsOf } from "./page.ts";

/** Does what a block names, by means that the test has. It gets the block, and gives what would be printed. */
export type StandIn = (step: Step) => Promise<string>;

/** A page of docs/guides, which is followed from its first line to its last. */
export class Guide {
  readonly #page: string;
  readonly #machines: Readonly<Record<string, Machine>>;
  readonly #standIns: Readonly<Record<string, StandIn>>;
  readonly #steps: Step[];
  /** The token that was printed last, which is pasted where `kubespan join` asks for one. */
  #token = "";

  private constructor(
    page: string,
    machines: Readonly<Record<string, Machine>>,
    standIns: Readonly<Record<string, StandIn>>,
    steps: Step[],
  ) {
    this.#page = page;
    this.#machines = machines;
    this.#standIns = standIns;
    this.#steps = steps;
  }

  static async open(
    page: string,
    machines: Readonly<Record<string, Machine>>,
    standIns: Readonly<Record<string, StandIn>> = {},
  ): Promise<Guide> {
    return new Guide(page, machines, standIns, await stepsOf(page));
  }

  /** Does all that is left. */
  async rest(): Promise<void> {
    await this.#do(this.#steps.length);
  }

  /** Does all before the first block that has this text. */
  async before(text: string): Promise<void> {
    const at = this.#steps.findIndex(({ script }) => script.includes(text));
    if (at === -1) throw new Error(`no block that is left of ${this.#page} has: ${text}`);
    await this.#do(at);
  }

  async #do(count: number): Promise<void> {
    for (const step of this.#steps.splice(0, count)) {
      const place = `docs/guides/${this.#page}:${step.line}`;
      if (step.action === undefined) throw new Error(`${place} does not say what the test does with it`);
      if (step.action === "leave out") continue;
      const printed = await this.#one(step, place);
      this.#token = /^kubespan1\.\S+$/m.exec(printed)?.[0] ?? this.#token;
      expect(missingLine(step.expected, printed), `${place} printed:\n${printed}`).toBeUndefined();
    }
  }

  async #one(step: Step, place: string): Promise<string> {
    if (step.action === "stand in") {
      const standIn = this.#standIns[step.what];
      if (!standIn) throw new Error(`${place} names ${step.what}, which the test has no stand-in for`);
      return standIn(step);
    }
    let printed = "";
    for (const name of step.node.split(" ")) {
      const machine = this.#machines[name];
      if (!machine) throw new Error(`${place} names a machine ${name}, which the test does not have`);
      if (step.action === "repeat") return untilPromised(machine, step, place);
      const { exitCode, all } = await shell(machine, step.script, `${this.#token}\n`);
      expect(exitCode, `${place} on ${name} ended with ${exitCode}:\n${all}`).toBe(0);
      printed = all;
    }
    return printed;
  }
}

/** Runs a block again until it succeeds and prints what was promised. */
async function untilPromised(machine: Machine, { script, expected }: Step, place: string): Promise<string> {
  let last: Printed = { exitCode: undefined, all: "" };
  return waitFor(
    async () => {
      last = await shell(machine, script);
      return last.exitCode === 0 && missingLine(expected, last.all) === undefined && last.all;
    },
    { what: `what ${place} promises`, describe: () => `it ended with ${last.exitCode}:\n${last.all}` },
  );
}
