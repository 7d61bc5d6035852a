import { lookup } from "node:dns/promises";
import type { Logger } from "pino";
import type { Config } from "../config/index.ts";
import type { RegistryServer } from "../discovery/index.ts";
import {
  addressesAfter,
  addressesOf,
  exitsTo,
  noWays,
  type Told,
  type WaysToRegistries,
} from "../mesh/index.ts";
import { parseAddress } from "../net/index.ts";
import type { Exit } from "../nftables/index.ts";
import { takeOwnGroup } from "../system/index.ts";
import { exitsOfLastRun } from "./load-barrier.ts";
import type { Registries } from "./registries.ts";

/** The milliseconds between two questions for a name: nobody tells when an answer changes. */
const askEveryMs = 30_000;
/** The milliseconds between them while a registry is not connected, which may have moved. */
const askSoonMs = 5_000;

interface Parts {
  readonly log: Logger;
  readonly clock: () => number;
  readonly group: number | undefined;
  /** The exits that were known when the daemon last ran. */
  readonly saved: readonly Exit[];
}

/** Follows where the servers of the registries are. No look into it waits for an answer about a name. */
export class RegistryWays {
  readonly #parts: Parts;
  readonly #names = new Map<string, Told>();
  readonly #askedAt = new Map<string, number>();
  /** The names of which an answer is still awaited. A resolver may take long, and must not be asked ever more. */
  readonly #inFlight = new Set<string>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Gives the ways as they are known now, and asks for the names again if it is time. `onChange` is called, later, if an
   * answer is news. Exits of the last run stand in as long as it is not known where a server is.
   */
  look(config: Config, registries: Registries, onChange: () => void): WaysToRegistries {
    const { registriesOutside: setting } = config;
    const { group, saved } = this.#parts;
    if (setting === "off") return noWays;
    const told = registries.servers();
    const servers = told.filter((server) => server !== undefined);
    this.#ask(
      servers,
      registries.states().every(({ phase }) => phase === "connected"),
      onChange,
    );
    const isKnown =
      servers.length === told.length &&
      servers.every((server) => addressesOf(server, this.#names).length > 0);
    const exits = exitsTo(servers, this.#names, setting);
    const all = exitsTo(servers, this.#names, "all");
    // Of an exit that is known now, the present setting decides alone.
    const standIns = isKnown ? [] : saved.filter((exit) => !all.some((known) => isSamePlace(known, exit)));
    return { servers, names: this.#names, exits: [...exits, ...standIns], group };
  }

  #ask(servers: readonly RegistryServer[], isCalm: boolean, onChange: () => void): void {
    const now = this.#parts.clock();
    const every = isCalm ? askEveryMs : askSoonMs;
    const hosts = new Set(servers.map(({ host }) => host).filter((host) => parseAddress(host) === undefined));
    for (const name of this.#names.keys()) if (!hosts.has(name)) this.#names.delete(name);
    for (const host of hosts) {
      const askedAt = this.#askedAt.get(host);
      if (this.#inFlight.has(host) || (askedAt !== undefined && now - askedAt < every)) continue;
      this.#askedAt.set(host, now);
      void this.#lookUp(host, onChange);
    }
  }

  /** Looks a name up. A name without an answer keeps the addresses that it had. Never rejects. */
  async #lookUp(host: string, onChange: () => void): Promise<void> {
    this.#inFlight.add(host);
    try {
      const answer = await lookup(host, { all: true });
      const addresses = answer.flatMap(({ address }) => parseAddress(address) ?? []);
      const before = this.#names.get(host) ?? new Map();
      const after = addressesAfter(before, addresses, this.#parts.clock());
      this.#names.set(host, after);
      const isNews = before.size !== after.size || [...after.keys()].some((address) => !before.has(address));
      if (isNews) onChange();
    } catch {
      this.#parts.log.debug(`the name ${host} of a registry has no address at the moment`);
    } finally {
      this.#inFlight.delete(host);
    }
  }
}

const isSamePlace = (left: Exit, right: Exit): boolean =>
  left.address === right.address && left.port === right.port;

/** Begins to follow the registries, and gives this process the group by which the table knows its connections to them. */
export async function waysOfDaemon(config: Config, log: Logger): Promise<RegistryWays> {
  const own = takeOwnGroup();
  if ("problem" in own) log.warn(own.problem);
  const group = "group" in own ? own.group : undefined;
  return new RegistryWays({ log, clock: Date.now, group, saved: await exitsOfLastRun(config) });
}
