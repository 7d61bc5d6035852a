import { expect } from "vitest";
import { type Fate, fateOf } from "../../../../lab/kernel/index.ts";
import type { Config } from "../../../../src/config/index.ts";
import type { MeshPlan } from "../../../../src/mesh/index.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { address } from "../values.ts";
import type { Node } from "./nodes.ts";
import { type Held, Scene } from "./scene.ts";

interface Saying {
  readonly nodes: readonly Node[];
  readonly isSettled: boolean;
}

export const registriesSay = (...nodes: readonly Node[]): Saying => ({ nodes, isSettled: true });
/** They have not answered yet, or not all of them. */
export const registriesSaySoFar = (...nodes: readonly Node[]): Saying => ({ nodes, isSettled: false });

/** `given(registriesSay(...)).andKernelHolds(...)`: the beginning of a story. */
export const given = (saying: Saying, changes: Partial<Config> = {}) => ({
  async andKernelHolds(...held: readonly Held[]): Promise<Story> {
    const scene = new Scene(await temporaryFolder(), changes);
    scene.registriesSay(saying.nodes, saying.isSettled);
    await scene.kernelHolds(...held);
    return new Story(scene);
  },
});

/** What happens to a node, step by step, and what its kernel then is. */
class Story {
  readonly scene: Scene;
  #planned: MeshPlan | undefined;

  constructor(scene: Scene) {
    this.scene = scene;
  }

  async whenPassed(): Promise<this> {
    this.#planned = await this.scene.pass();
    return this;
  }

  async whenSettled(): Promise<this> {
    await this.scene.settle();
    return this;
  }

  async whenRegistriesSay(...nodes: readonly Node[]): Promise<this> {
    this.scene.registriesSay(nodes);
    return this.whenSettled();
  }

  async whenSomebodyDoes(...held: readonly Held[]): Promise<this> {
    await this.scene.kernelHolds(...held);
    return this;
  }

  async whenTakenDown(): Promise<this> {
    await this.scene.down();
    return this;
  }

  /** What was planned last, stage by stage. */
  thenPlanned(...texts: readonly (string | RegExp)[]): this {
    const { steps = [], second = [] } = this.#planned ?? {};
    const planned = [...steps, ...second].map(({ stage, text }) => `${stage}: ${text}`);
    expect(planned).toEqual(
      texts.map((text) => (typeof text === "string" ? text : expect.stringMatching(text))),
    );
    return this;
  }

  /** A step that was planned last, with its stage. */
  thenPlannedAmongOthers(text: string): this {
    const { steps = [] } = this.#planned ?? {};
    expect(steps.map((step) => `${step.stage}: ${step.text}`)).toContain(text);
    return this;
  }

  /** What becomes of packets of this node to these addresses. */
  thenKernel(fates: Readonly<Record<string, Fate>>): this {
    const found = Object.keys(fates).map((to) => [to, fateOf(this.scene.kernel, address(to))]);
    expect(Object.fromEntries(found)).toEqual(fates);
    return this;
  }

  /** What tools print of it. */
  async thenTool(line: string, expected: string | RegExp): Promise<this> {
    const [program = "", ...args] = line.split(" ");
    const output = await this.scene.kernel.run({ program: program as "ip", args });
    expect(output).toMatch(expected);
    return this;
  }
}
