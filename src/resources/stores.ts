import type { Definition, Listing, Resources, Watch } from "../api/index.ts";
import { KubespanError } from "../base/index.ts";
import { type Kind, kindsNamed } from "./kind.ts";
import { resourceKinds } from "./kinds/index.ts";
import type { Seen } from "./seen.ts";
import { KindStore } from "./store.ts";
import { Watcher } from "./watcher.ts";

interface Sources {
  /** Gives what the daemon has seen by now. */
  readonly see: () => Seen;
  /** Brings what changes without an event, such as handshakes, up to date. */
  readonly refresh: () => Promise<void>;
  /** Does something after all that waits in this turn of the event loop. */
  readonly afterTurn: (act: () => void) => void;
  readonly clock: () => number;
}

/** The resources of all kinds. They are drawn when somebody asks, and after a pass if somebody watches. */
export class ResourceStores implements Resources {
  readonly #sources: Sources;
  readonly #stores = new Map<Kind, KindStore>();
  readonly #watchers = new Map<KindStore, Set<Watcher>>();
  /** What was seen in this turn of the event loop. */
  #seen: Seen | undefined;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  definitions(): readonly Definition[] {
    return resourceKinds.map(({ definition }) => definition);
  }

  async list(kind: string, namespace?: string): Promise<Listing> {
    const store = this.#storeOf(kindNamed(kind, namespace));
    this.#seen = undefined; // nobody is shown what was seen before they asked
    await this.#sources.refresh();
    this.#update(store, this.#see());
    return { definition: store.definition, items: store.items };
  }

  async watch(kind: string, namespace: string | undefined, onNews: () => void): Promise<Watch> {
    const store = this.#storeOf(kindNamed(kind, namespace));
    this.#seen = undefined;
    await this.#sources.refresh();
    this.#update(store, this.#see());
    const watchers = this.#watchers.get(store) ?? new Set();
    this.#watchers.set(store, watchers);
    const watcher = new Watcher(store, onNews, (ended) => {
      watchers.delete(ended);
      if (watchers.size === 0) this.#watchers.delete(store);
    });
    watchers.add(watcher);
    return watcher;
  }

  get isWatched(): boolean {
    return this.#watchers.size > 0;
  }

  /** Tells the watchers what a pass has changed. */
  passed(): void {
    if (!this.isWatched) return;
    const seen = this.#sources.see();
    for (const store of this.#watchers.keys()) this.#update(store, seen);
  }

  /**
   * Sees once for all who waited for the same look, such as a bug report, which asks for each kind at the same time. It takes
   * longer than to draw most kinds, and nothing can change before the turn is over.
   */
  #see(): Seen {
    if (!this.#seen)
      this.#sources.afterTurn(() => {
        this.#seen = undefined;
      });
    this.#seen ??= this.#sources.see();
    return this.#seen;
  }

  #update(store: KindStore, seen: Seen): void {
    const changed = store.update(store.kind.draw(seen), this.#sources.clock());
    for (const watcher of this.#watchers.get(store) ?? []) watcher.note(changed);
  }

  #storeOf(kind: Kind): KindStore {
    const store = this.#stores.get(kind) ?? new KindStore(kind);
    this.#stores.set(kind, store);
    return store;
  }
}

/** The one kind with that name. Throws `KubespanError("usage")` if there is none, or if there are several. */
function kindNamed(name: string, namespace: string | undefined): Kind {
  const [kind, ...others] = kindsNamed(resourceKinds, name, namespace);
  if (!kind)
    throw new KubespanError("usage", `there is no kind of resource "${name.slice(0, 100)}"`, {
      hint: "'kubespan get rd' lists all kinds",
    });
  if (others.length > 0)
    throw new KubespanError("usage", `"${name}" names several kinds of resources`, {
      hint: `write one of ${[kind, ...others].map(({ definition }) => definition.type.split(".")[0]).join(", ")}`,
    });
  return kind;
}
