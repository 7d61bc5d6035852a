import type { Definition, Resource } from "../api/index.ts";
import type { Drawn, Kind } from "./kind.ts";

interface Stored {
  readonly resource: Resource;
  /** The spec as JSON, by which a change is known. */
  readonly text: string;
}

/** The resources of one kind as they were when somebody last looked, with versions. */
export class KindStore {
  readonly kind: Kind;
  #stored = new Map<string, Stored>();

  constructor(kind: Kind) {
    this.kind = kind;
  }

  get definition(): Definition {
    return this.kind.definition;
  }

  get ids(): Iterable<string> {
    return this.#stored.keys();
  }

  get items(): readonly Resource[] {
    return [...this.#stored.values()].map(({ resource }) => resource);
  }

  get(id: string): Resource | undefined {
    return this.#stored.get(id)?.resource;
  }

  /** Takes in what there is now; gives the ids of what came, changed or went. */
  update(drawn: readonly Drawn[], now: number): readonly string[] {
    const before = this.#stored;
    const changed: string[] = [];
    this.#stored = new Map();
    for (const { id, spec } of drawn) {
      const known = before.get(id);
      const text = JSON.stringify(spec);
      if (known?.text === text) this.#stored.set(id, known);
      else {
        this.#stored.set(id, { text, resource: this.#made({ id, spec }, known?.resource, now) });
        changed.push(id);
      }
    }
    for (const id of before.keys()) if (!this.#stored.has(id)) changed.push(id);
    return changed;
  }

  #made({ id, spec }: Drawn, before: Resource | undefined, now: number): Resource {
    const { namespace, type } = this.definition;
    const updated = new Date(now).toISOString();
    const { version = 0, created = updated } = before?.metadata ?? {};
    return { metadata: { namespace, type, id, version: version + 1, created, updated }, spec };
  }
}
