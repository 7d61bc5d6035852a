import type { Logger } from "pino";
import type { ServiceConfig } from "../config/index.ts";
import type { Announcement, Registry } from "../discovery/index.ts";
import type { ToldServices } from "../members/index.ts";
import type { LeftOut } from "../net/index.ts";

/** The discovery services of which other nodes tell, opened and ended as they come and go. */
export class Learnt {
  readonly #open: (service: ServiceConfig) => Registry;
  readonly #known = new Map<string, Registry>();
  readonly #log: Logger;
  #leftOut: ReadonlyMap<string, string> = new Map();
  #onChange: (() => void) | undefined;
  #announcement: Announcement | undefined;

  constructor(open: (service: ServiceConfig) => Registry, log: Logger) {
    this.#open = open;
    this.#log = log;
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

  learn({ services, leftOut }: ToldServices): void {
    this.#tell(leftOut);
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

  /** Writes to the log which services are not asked, each once. */
  #tell(leftOut: readonly LeftOut[]): void {
    const before = this.#leftOut;
    this.#leftOut = new Map(leftOut.map(({ value, reason }) => [value, reason]));
    for (const [service, reason] of this.#leftOut)
      if (before.get(service) !== reason)
        this.#log.debug({ service, reason }, "a service of a member is not asked");
  }

  /** Notes that all were ended. */
  stopped(): void {
    this.#onChange = undefined;
  }
}
