import { INPUT } from "../../src/base/index.ts";

/** A tool that ended with another code than 0, and what it then says on its standard error. */
export class ToolFailure extends Error {}

export const fail = (complaint: string): never => {
  throw new ToolFailure(complaint);
};

/** Reads the lines of a batch from the file of a tool's input. Throws `ToolFailure` where there is none. */
export function batchIn(file: string | undefined, input: string | undefined): Words[] {
  if (file !== INPUT || input === undefined) return fail(`Cannot open file "${file ?? ""}" for reading`);
  const lines = input.split("\n").filter((line) => line !== "");
  return lines.map((line) => new Words(line.split(" ")));
}

/** The words of a command line, which are taken one by one. */
export class Words {
  readonly #words: readonly string[];
  #at = 0;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  get isEmpty(): boolean {
    return this.#at >= this.#words.length;
  }

  get first(): string | undefined {
    return this.#words[this.#at];
  }

  /** Takes the next word. Throws `ToolFailure` where there is none. */
  take(): string {
    const word = this.first;
    if (word === undefined) return fail('Command line is not complete. Try option "help"');
    this.#at++;
    return word;
  }

  /** Tells whether the next word is this one, and takes it then. */
  takes(word: string): boolean {
    if (this.first !== word) return false;
    this.#at++;
    return true;
  }

  takeNumber(): number {
    const word = this.take();
    const number = Number(word);
    return Number.isSafeInteger(number) && number >= 0 ? number : fail(`Error: argument "${word}" is wrong`);
  }

  rest(): string[] {
    const words = this.#words.slice(this.#at);
    this.#at = this.#words.length;
    return words;
  }
}
