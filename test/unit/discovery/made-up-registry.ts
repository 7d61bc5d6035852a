import { setImmediate } from "node:timers/promises";
import { KubespanError } from "../../../src/base/error.ts";
import type { Affiliate } from "../../../src/discovery/affiliate.ts";
import type { RegistryDriver, Session } from "../../../src/discovery/effects/registry-driver.ts";
import { Wake } from "../../../src/discovery/effects/wake.ts";
import type { Announcement } from "../../../src/discovery/registry.ts";
import { nothingTold, type Told } from "../../../src/discovery/told.ts";

/** A kind of registry that exists nowhere else: who takes part stands in one map, and all are woken by a change. */
export class Zone {
  readonly #said = new Map<string, Affiliate>();
  readonly wakes = new Set<Wake>();

  others(nodeId: string): Affiliate[] {
    return [...this.#said.values()].filter((each) => each.nodeId !== nodeId);
  }

  put(nodeId: string, said: Affiliate | undefined): void {
    if (said) this.#said.set(nodeId, said);
    else this.#said.delete(nodeId);
    for (const wake of this.wakes) wake.notify();
  }
}

/** The way to a zone. */
export class ZoneWay {
  #cut = new AbortController();
  isInUse = false;
  accepted = 0;

  shut(): void {
    this.#cut.abort();
  }

  reopen(): void {
    this.#cut = new AbortController();
  }

  get cut(): AbortSignal {
    return this.#cut.signal;
  }
}

/** All that a kind of registry needs: what it tells, and how it speaks with its other side. */
export class ZoneDriver implements RegistryDriver {
  readonly name = "zone";
  readonly otherSide = "the zone";
  readonly #zone: Zone;
  readonly #way: ZoneWay;
  readonly #nodeId: string;
  readonly #changed = new Wake();
  #affiliates: readonly Affiliate[] = [];
  #own: Affiliate | undefined;
  /** What keeps the node from being announced. */
  wrong: readonly string[] = [];

  constructor(zone: Zone, way: ZoneWay, nodeId: string) {
    this.#zone = zone;
    this.#way = way;
    this.#nodeId = nodeId;
  }

  location(): string {
    return "nowhere";
  }

  told(): Told {
    return { ...nothingTold, isSealed: false, affiliates: this.#affiliates };
  }

  problems(): readonly string[] {
    return this.wrong;
  }

  publish({ own }: Announcement): void {
    this.#own = own;
    this.#changed.notify();
  }

  async session(session: Session, signal: AbortSignal): Promise<never> {
    await setImmediate(); // no connection is there at once
    this.#throwIfCut();
    this.#way.accepted++;
    this.#way.isInUse = true;
    this.#zone.wakes.add(this.#changed);
    try {
      for (let said: Affiliate | undefined; ; ) {
        this.#throwIfCut();
        signal.throwIfAborted();
        if (this.#own && this.#own !== said) this.#zone.put(this.#nodeId, this.#own);
        said = this.#own;
        this.#affiliates = this.#zone.others(this.#nodeId);
        session.connected();
        session.announced();
        session.changed();
        await this.#changed.wait(60_000, AbortSignal.any([signal, this.#way.cut]));
      }
    } finally {
      this.#zone.wakes.delete(this.#changed);
      await setImmediate(); // nor does one end at once
      this.#way.isInUse = false;
    }
  }

  async withdraw(): Promise<void> {
    this.#throwIfCut();
    this.#zone.put(this.#nodeId, undefined);
  }

  explain(thrown: unknown): KubespanError {
    return thrown instanceof KubespanError ? thrown : new KubespanError("discovery", String(thrown));
  }

  #throwIfCut(): void {
    if (this.#way.cut.aborted) throw new KubespanError("discovery", "the zone cannot be reached");
  }
}
