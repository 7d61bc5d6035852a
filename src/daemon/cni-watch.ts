import type { Logger } from "pino";
import { errorText } from "../base/index.ts";
import { observeCni } from "../cni/effects/index.ts";
import { bypassOf, type CniFacts, nothingFound } from "../cni/index.ts";
import type { Config } from "../config/index.ts";
import { observeHostLinks } from "../routing/effects/index.ts";
import type { Runner } from "../system/index.ts";
import type { OwnPods } from "./own-pods.ts";
import { Paced } from "./paced.ts";

const pace = { settleTimeMs: 2_000, shortestIntervalMs: 15_000, longestIntervalMs: 15 * 60_000 };
/** The age in milliseconds up to which an operator is shown what was seen before. */
const freshMs = 10_000;

interface CniParts {
  readonly run: Runner;
  readonly log: Logger;
  readonly config: () => Config;
  readonly ownPods: OwnPods;
  /** Called when the pod networks of this node, as the CNI has them, are others than before. */
  readonly onOwnPods: () => void;
}

/** Looks at what CNI plug-ins load and route on this node, whenever links of pods or routes change. */
export class CniWatch {
  readonly #parts: CniParts;
  readonly #paced: Paced;
  #facts: CniFacts = nothingFound;
  #bypass: { readonly why: string; readonly since: number } | undefined;

  constructor(parts: CniParts) {
    this.#parts = parts;
    this.#paced = new Paced(pace, () => this.#look());
  }

  get facts(): CniFacts {
    return this.#facts;
  }

  /** The reason why packets of pods go past the mesh, and the time since when; `undefined` if none was seen. */
  get bypass(): { readonly why: string; readonly since: number } | undefined {
    return this.#bypass;
  }

  request(): void {
    this.#paced.request();
  }

  catchUp(): Promise<void> {
    return this.#paced.catchUp(freshMs);
  }

  stop(): Promise<void> {
    return this.#paced.stop();
  }

  async #look(): Promise<void> {
    const { run, log, config } = this.#parts;
    try {
      this.#facts = await observeCni(run, await observeHostLinks(run, config().interfaceName));
    } catch (error) {
      log.warn(`what CNI plug-ins do on this node could not be looked at: ${errorText(error)}`);
      return;
    }
    const { ownPods, onOwnPods } = this.#parts;
    if (ownPods.found(this.#facts) && config().podNetworks.source === "node") onOwnPods();
    const found = bypassOf(this.#facts);
    const why = found && `${found.who} ${found.what}: ${found.advice}`;
    if (found && why !== this.#bypass?.why) log.error({ evidence: found.evidence }, why);
    if (!found && this.#bypass) log.info("nothing sends packets of pods past the mesh any more");
    this.#bypass = why === undefined ? undefined : { why, since: this.#bypass?.since ?? Date.now() };
  }
}
