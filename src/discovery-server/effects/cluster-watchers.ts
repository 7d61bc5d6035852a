import { type Change, idOfChange } from "../cluster-state.ts";
import { gatherMs } from "../gather.ts";
import type { Watcher } from "./watcher.ts";

/**
 * The watchers of one cluster. A change after a quiet moment is told at once. While many follow each other, as when all
 * nodes of a large cluster start, they are gathered, so that each watcher gets a few messages in place of thousands.
 */
export class ClusterWatchers {
  readonly #watchers = new Set<Watcher>();
  /** The newest change of each affiliate that is still to be told. */
  readonly #gathered = new Map<string, Change>();
  #toldAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  get size(): number {
    return this.#watchers.size;
  }

  get all(): Iterable<Watcher> {
    return this.#watchers;
  }

  add(watcher: Watcher): void {
    this.#watchers.add(watcher);
  }

  remove(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#gathered.clear();
  }

  tell(change: Change): void {
    const id = idOfChange(change);
    this.#gathered.delete(id); // it moves to the end
    this.#gathered.set(id, change);
    if (this.#timer) return;
    const waitMs = this.#toldAt + gatherMs(this.#watchers.size) - performance.now();
    if (waitMs <= 0) this.#tellAll();
    else this.#timer = setTimeout(() => this.#tellAll(), waitMs);
  }

  #tellAll(): void {
    this.#timer = undefined;
    this.#toldAt = performance.now();
    const changes = [...this.#gathered.values()];
    this.#gathered.clear();
    for (const watcher of this.#watchers) watcher.tell(changes);
  }
}
