import type { ServiceConfig } from "../config/index.ts";
import type { Announcement, Registry } from "../discovery/index.ts";

/** The discovery services of which other nodes tell, opened and ended as they come and go. */
export class Learnt {
  readonly #open: (service: ServiceConfig) => Registry;
  readonly #known = new Map<string, Registry>();
  #onChange: (() => void) | undefined;
  #announcement: Announcement | undefined;

  constructor(open: (service: ServiceConfig) => Registry) {
    this.#open = open;
  }

  get registries(): readonly Registry[] {
    return [...this.#known.values()];
  }

  start(onChange: () => void): void {
    this.#onChange = onChange;
    for (const registry of this.#known.values()) registry.start(onChange);
  }

  publish(announcement: Announcement): void {
    this.#announcement = announcement;
    for (const registry of this.#known.values()) registry.publish(announcement);
  }

  learn(services: readonly ServiceConfig[]): void {
    const names = new Set(services.map(({ name }) => name));
    for (const [name, registry] of this.#known)
      if (!names.has(name)) {
        this.#known.delete(name);
        void registry.stop();
      }
    for (const service of services) {
      if (this.#known.has(service.name)) continue;
      const registry = this.#open(service);
      this.#known.set(service.name, registry);
      if (this.#announcement) registry.publish(this.#announcement);
      if (this.#onChange) registry.start(this.#onChange);
    }
  }

  /** Notes that all were ended. */
  stopped(): void {
    this.#onChange = undefined;
  }
}
