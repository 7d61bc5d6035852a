import type { Progress } from "../api/index.ts";
import { errorText, type Step } from "../base/index.ts";
import type { Planned } from "../resources/index.ts";

/** The results of a mesh's passes, as far as they tell whether the mesh is kept. */
export class Outcome implements Pick<Progress, "failure" | "hasPassed"> {
  #failure: Progress["failure"];
  #hasPassed = false;
  #lastPlan: Planned | undefined;

  /** The reason why the last pass failed, and the time since which none succeeded. */
  get failure(): Progress["failure"] {
    return this.#failure;
  }

  get hasPassed(): boolean {
    return this.#hasPassed;
  }

  /** The last plan that had something to do. */
  get lastPlan(): Planned | undefined {
    return this.#lastPlan;
  }

  planned(steps: readonly Step[], at: number): void {
    if (steps.length > 0) this.#lastPlan = { at, steps };
  }

  /** Notes the success of a pass that looked at more than the handshakes, which prove nothing about what failed before. */
  passed(): void {
    this.#failure = undefined;
    this.#hasPassed = true;
  }

  /** Notes that a pass went to its end. If there is a problem, some of its parts failed. */
  ended(problem: string | undefined, now: number): void {
    if (problem === undefined) this.passed();
    else this.failed(problem, now);
    this.#hasPassed = true;
  }

  failed(error: unknown, now: number): void {
    this.#failure = { error: errorText(error), since: this.#failure?.since ?? now };
  }
}
