import type { Definition, Resource, Watch, WatchLine } from "../api/index.ts";
import type { KindStore } from "./store.ts";

/** Resources as JSON: it is the same for all watchers, so it is written once. */
const texts = new WeakMap<Resource, string>();

function textOf(resource: Resource): string {
  const text = texts.get(resource) ?? JSON.stringify(resource);
  texts.set(resource, text);
  return text;
}

/**
 * One watcher of a kind. What it has not been told yet is a set of ids, and a line is made of the resource as it is when
 * the watcher has room for it. So a watcher that reads slowly takes no more room than there are resources, delays
 * nobody, and ends up with the present state; it is told how many changes it missed.
 */
export class Watcher implements Watch {
  readonly #store: KindStore;
  readonly #onNews: () => void;
  readonly #onClose: (watcher: Watcher) => void;
  /** The resources as the watcher was last told of them. */
  readonly #told = new Map<string, Resource>();
  readonly #due: Set<string>;
  #isBootstrapped = false;
  #lost = 0;

  constructor(store: KindStore, onNews: () => void, onClose: (watcher: Watcher) => void) {
    this.#store = store;
    this.#onNews = onNews;
    this.#onClose = onClose;
    this.#due = new Set(store.ids);
  }

  get definition(): Definition {
    return this.#store.definition;
  }

  /** Notes that these resources are not any more as they were. */
  note(ids: readonly string[]): void {
    for (const id of ids)
      if (!this.#due.has(id)) this.#due.add(id);
      else if (this.#isBootstrapped) this.#lost++;
    if (ids.length > 0) this.#onNews();
  }

  next(): string | undefined {
    if (this.#lost > 0) return this.#lostLine();
    for (const id of this.#due) {
      this.#due.delete(id);
      const line = this.#lineOf(id);
      if (line !== undefined) return line;
    }
    if (this.#isBootstrapped) return undefined;
    this.#isBootstrapped = true;
    return lineOf({ event: "bootstrapped" });
  }

  close(): void {
    this.#onClose(this);
  }

  #lostLine(): string {
    const changes = this.#lost;
    this.#lost = 0;
    return lineOf({ event: "lost", changes });
  }

  /** Gives the line for a resource; `undefined` if the watcher knows of nothing that would have changed. */
  #lineOf(id: string): string | undefined {
    const [before, now] = [this.#told.get(id), this.#store.get(id)];
    if (before === now) return undefined;
    if (now) this.#told.set(id, now);
    else this.#told.delete(id);
    const event = now === undefined ? "deleted" : before === undefined ? "created" : "updated";
    const resource = now ?? before;
    return resource && `{"event":"${event}","resource":${textOf(resource)}}\n`;
  }
}

const lineOf = (line: WatchLine): string => `${JSON.stringify(line)}\n`;
