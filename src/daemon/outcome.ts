import type { Progress } from "../api/index.ts";
import { errorText } from "../base/index.ts";

/** How the passes of a mesh ended, as far as it says whether the mesh is kept. */
export class Outcome implements Pick<Progress, "failure" | "hasPassed"> {
  #failure: Progress["failure"];
  #hasPassed = false;

  /** Why the last pass failed, and since when there was none that succeeded. */
  get failure(): Progress["failure"] {
    return this.#failure;
  }

  get hasPassed(): boolean {
    return this.#hasPassed;
  }

  /** A pass succeeded that looked at more than the handshakes: those prove nothing about what failed before. */
  passed(): void {
    this.#failure = undefined;
    this.#hasPassed = true;
  }

  /** A pass went to its end, but for some of its parts, if there is a problem. */
  ended(problem: string | undefined, now: number): void {
    if (problem === undefined) this.passed();
    else this.failed(problem, now);
    this.#hasPassed = true;
  }

  failed(error: unknown, now: number): void {
    this.#failure = { error: errorText(error), since: this.#failure?.since ?? now };
  }
}
