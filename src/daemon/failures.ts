import type { Logger } from "pino";
import { errorText, KubespanError } from "../base/index.ts";
import { Said } from "../system/index.ts";

/** A tool that complains of the same thing in another command fails in the same way. */
function kindOf(error: unknown, text: string): string {
  if (!(error instanceof KubespanError) || error.code !== "command") return text;
  const [program] = text.split(" ");
  return `${program}: ${text.split(" failed: ").at(-1)}`;
}

/** Whether no later attempt can cure an error, so that it ends the start. The loop tries again after any other. */
export const isFinal = (error: unknown): boolean =>
  error instanceof KubespanError && ["conflict", "state", "privilege"].includes(error.code);

/**
 * Tells the log why passes fail: each kind of failure once, until a pass succeeds. What an operator can mend is one line,
 * and where in the program it came up is for `debug`; of a defect the stack is what matters.
 */
export class Failures {
  readonly #log: Logger;
  readonly #said = new Said();
  #isFailing = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  tell(error: unknown): void {
    const text = errorText(error);
    const isExpected = error instanceof KubespanError;
    this.#isFailing = true;
    if (!this.#said.isNews(kindOf(error, text))) return this.#log.debug({ err: error }, text);
    if (!isExpected) return this.#log.error({ err: error }, text);
    this.#log.error(text);
    this.#log.debug({ err: error }, "where that came up");
  }

  /** Notes that all is as it should be. */
  over(): void {
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.#said.forget();
    this.#log.info("what failed before works again");
  }
}
