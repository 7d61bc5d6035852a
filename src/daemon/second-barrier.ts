import type { Logger } from "pino";
import type { Protection, Status } from "../api/index.ts";
import { removeSaved, writeSaved } from "../barrier/effects/index.ts";
import { filtersAfter, type ObservedBarrier, type SavedBarrier, savedText } from "../barrier/index.ts";
import { errorText } from "../base/index.ts";
import type { Config } from "../config/index.ts";
import { type Kernel, type MeshPlan, mtuOf } from "../mesh/index.ts";
import { applyPlan, applySteps, type FailedSteps, type Hands } from "./apply.ts";
import { unusualNames } from "./last-names.ts";

/** Keeps what holds while the table is gone: programs at the links, and a file for the time before there is a table at all. */
export class SecondBarrier {
  readonly #log: Logger;
  #written: string | undefined;
  #complaint: string | undefined;
  #state: Protection["links"] = "off";
  #held: ObservedBarrier | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * Carries a plan out. The file is written before it, and the programs are changed after it; neither fails the pass.
   * Gives the failures with which the plan goes on.
   */
  async apply(
    hands: Omit<Hands, "stateDirectory">,
    config: Config,
    plan: MeshPlan,
    kernel: Kernel,
  ): Promise<FailedSteps> {
    const { stateDirectory } = config;
    const { targets, exits } = plan.steered;
    const { refused } = plan;
    const saved = { targets, mtu: mtuOf(config, kernel), exits: exits.registries, refused };
    const unsaved = await this.#save(config, saved);
    this.#held = undefined; // until everything was done
    const failures = await applyPlan({ ...hands, stateDirectory }, plan);
    const absent = kernel.barrier.kind === "unavailable" ? kernel.barrier.reason : undefined;
    const failure = absent ?? (await failureOf(() => applySteps(hands.run, hands.log, plan.second)));
    if (failure === undefined && !config.allowDownPeerBypass) {
      const { marks, listenPort, interfaceName } = config;
      this.#held = filtersAfter(
        { targets, marks, listenPort, interfaceName, links: kernel.links },
        kernel.barrier,
      );
    }
    this.#state = config.allowDownPeerBypass ? "off" : failure === undefined ? "whole" : "missing";
    this.#complain(config.allowDownPeerBypass ? undefined : (failure ?? unsaved));
    return failures;
  }

  /** Forgets the file and the complaint, because the mesh is taken down. */
  forget(): void {
    this.#written = undefined;
    this.#complaint = undefined;
    this.#state = "off";
    this.#held = undefined;
  }

  /**
   * The filters as the last pass left them; `undefined` where they have to be read. A pass over what registries say relies on
   * it, and changes only what differs: to read them all takes as long as the rest of it. Whether others have changed them is
   * looked at whenever everything is.
   */
  get held(): ObservedBarrier | undefined {
    return this.#held;
  }

  /** Whether the programs are at the links, as far as the last pass knows. */
  get state(): Protection["links"] {
    return this.#state;
  }

  get warnings(): Status["warnings"] {
    return this.#complaint === undefined ? [] : [{ who: "the second barrier", what: this.#complaint }];
  }

  async #save(config: Config, steered: SavedBarrier): Promise<string | undefined> {
    const { stateDirectory } = config;
    if (config.allowDownPeerBypass) {
      this.#written = undefined;
      return failureOf(() => removeSaved(stateDirectory));
    }
    const saved = { ...steered, names: unusualNames(config) };
    const text = savedText(saved);
    if (text === this.#written) return undefined;
    const isPresentGood = this.#written !== undefined;
    const failure = await failureOf(() => writeSaved(stateDirectory, text, { isPresentGood }));
    if (failure === undefined) this.#written = text;
    return failure;
  }

  #complain(reason: string | undefined): void {
    const complaint =
      reason && `is not whole, so traffic may leave in clear while the nft table is gone: ${reason}`;
    if (complaint !== undefined && complaint !== this.#complaint)
      this.#log.warn(`the second barrier ${complaint}`);
    this.#complaint = complaint;
  }
}

async function failureOf(act: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    return errorText(error);
  }
}
