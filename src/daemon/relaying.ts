import type { Logger } from "pino";
import { errorText } from "../base/index.ts";
import type { Config } from "../config/index.ts";
import type { Identity } from "../identity/index.ts";
import type { Decision } from "../mesh/index.ts";
import { endpointAddress, type Family, familyOf, type Prefix } from "../net/index.ts";
import { deleteRelayTables, Relay } from "../relay/effects/index.ts";
import { isProvenBy, type Neighbour, neighboursOf, outsideOf, type RelayReport } from "../relay/index.ts";
import { type ReadSetting, type Runner, readKernelSetting } from "../system/index.ts";
import type { ObservedDevice } from "../wireguard/index.ts";

interface RelayingParts {
  readonly config: Config;
  readonly identity: Identity;
  readonly run: Runner;
  readonly log: Logger;
  readonly clock: () => number;
  readonly readSetting?: ReadSetting;
}

/** The settings without which the kernel forwards nothing. */
const forwarding = { 4: "net/ipv4/ip_forward", 6: "net/ipv6/conf/all/forwarding" } as const;

/** What one mesh does for pairs of members that no direct path joins. It never throws: without it the mesh goes on. */
export class Relaying {
  readonly #parts: RelayingParts;
  #relay: Relay | undefined;
  #isProven = false;
  #isCleared = false;
  #failure: string | undefined;
  /** The families that this host forwards. */
  #forwarded: ReadonlySet<Family> = new Set();
  #neighbours: readonly Neighbour[] = [];
  #bytes = 0;

  constructor(parts: RelayingParts) {
    this.#parts = parts;
  }

  /** Whether this node offers to pass packets on. */
  get serves(): boolean {
    const { serve } = this.#parts.config.relay;
    const may = serve === true || (serve === "auto" && this.#isProven);
    return this.#relay !== undefined && may && this.#forwarded.size > 0;
  }

  /** The members between which packets are passed on. */
  get neighbours(): readonly Neighbour[] {
    return this.#neighbours;
  }

  report(): RelayReport {
    const { pairs, passed, refused } = this.#relay?.counts ?? { pairs: 0, passed: 0, refused: 0 };
    const reason = this.serves ? undefined : this.#reason();
    return {
      serves: this.serves,
      ...(reason !== undefined && { reason }),
      pairs,
      passed,
      refused,
      bytes: this.#bytes,
    };
  }

  #reason(): string {
    if (this.#parts.config.relay.serve === false) return "relay.serve is false";
    if (this.#failure === undefined && this.#forwarded.size === 0) return "this host forwards nothing";
    return this.#failure ?? "it was not seen yet that others reach this node from outside";
  }

  /** Opens the relay, or repairs its tables; and looks for the proof that it may offer itself. */
  async look(networks: readonly Prefix[]): Promise<void> {
    const { config, identity, run, log, clock } = this.#parts;
    if (config.relay.serve === false) return this.#clear();
    try {
      await this.#readForwarding();
      if (this.#relay && (await this.#relay.repair()))
        log.warn("the nft tables for relaying were changed: they are back");
      this.#relay ??= await Relay.open({
        run,
        clock,
        log,
        publicKey: identity.publicKey,
        interfaceName: config.interfaceName,
        listenPort: config.listenPort,
        marks: config.marks,
        limits: config.relay,
      });
      this.#failure = undefined;
      await this.#prove(this.#relay, networks);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Reads what was passed on by now, for a report. */
  async count(): Promise<void> {
    try {
      this.#bytes = (await this.#relay?.bytes()) ?? 0;
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Removes, once, what a daemon left that was to relay. */
  async #clear(): Promise<void> {
    const { config, run } = this.#parts;
    if (this.#isCleared) return;
    try {
      await deleteRelayTables(run, config.interfaceName);
      this.#isCleared = true;
    } catch (error) {
      this.#fail(error);
    }
  }

  async #readForwarding(): Promise<void> {
    const { config, log, readSetting = readKernelSetting } = this.#parts;
    const values = await Promise.all(
      ([4, 6] as const).map(async (family) =>
        (await readSetting(forwarding[family])) === "1" ? [family] : [],
      ),
    );
    const before = this.#forwarded;
    this.#forwarded = new Set(values.flat());
    if (config.relay.serve === true && this.#forwarded.size === 0 && (before.size > 0 || !this.#relay))
      log.warn("relay.serve is true, and this host forwards nothing: set net.ipv4.ip_forward to 1");
  }

  async #prove(relay: Relay, networks: readonly Prefix[]): Promise<void> {
    const { config, log } = this.#parts;
    if (this.#isProven || config.relay.serve !== "auto" || this.#forwarded.size === 0) return;
    const outside = outsideOf(this.#neighbours, networks);
    if (outside.length === 0) return;
    this.#isProven = isProvenBy(await relay.unasked(), outside);
    if (this.#isProven) log.info("others reach this node from outside: it relays for pairs that need it");
  }

  /** Makes those that are connected directly now the members between which packets are passed on. */
  async follow(
    { polled, specs }: Pick<Decision, "polled" | "specs">,
    device: ObservedDevice | undefined,
  ): Promise<void> {
    const { connections, standIns } = polled.memory;
    const neighbours = neighboursOf(specs.peers, connections, device, standIns);
    this.#neighbours = neighbours;
    try {
      const reached = neighbours.filter(({ endpoint }) =>
        this.#forwarded.has(familyOf(endpointAddress(endpoint))),
      );
      await this.#relay?.follow(this.serves ? reached : []);
    } catch (error) {
      this.#fail(error);
    }
  }

  async close(): Promise<void> {
    const relay = this.#relay;
    this.#relay = undefined;
    await relay?.close();
  }

  #fail(error: unknown): void {
    const reason = errorText(error);
    if (reason !== this.#failure) this.#parts.log.warn(`relaying does not work here: ${reason}`);
    this.#failure = reason;
  }
}
