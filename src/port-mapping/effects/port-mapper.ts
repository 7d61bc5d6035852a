import { createHmac } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import { errorText, type Secret } from "../../base/index.ts";
import { Wake } from "../../discovery/effects/index.ts";
import { endpointPort } from "../../net/index.ts";
import type { Runner } from "../../system/index.ts";
import { type Gateway, parseGateway } from "../gateway.ts";
import {
  isNews,
  type Lease,
  leaseAfter,
  lifetimeSeconds,
  type PortMappingReport,
  reportOf,
} from "../lease.ts";
import { nonceBytes } from "../pcp.ts";
import { askForMapping } from "./ask.ts";

interface Options {
  readonly interfaceName: string;
  readonly listenPort: number;
  /** The key of this node, of which the nonce is made: a mapping is renewed and ended by who knows that. */
  readonly privateKey: Secret;
  readonly run: Runner;
  readonly log: Logger;
  /** The present time in milliseconds since 1970. */
  readonly clock: () => number;
}

/** The longest sleep in milliseconds without a gateway: a new one is told by `look`. */
const longestMs = 3_600_000;
/** The milliseconds that a gateway gets to confirm the end of a mapping, which an operator waits for. */
const farewellMs = 2_500;

/** Keeps a port of the router before this node mapped to WireGuard's port. */
export class PortMapper {
  readonly #options: Options;
  readonly #stop = new AbortController();
  readonly #changed = new Wake();
  #lease: Lease | undefined;
  #isPublic = false;
  /** Whether the gateway has to be looked up again, since the routes may have changed. */
  #isStale = true;
  #ended: Promise<void> | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  get lease(): Lease | undefined {
    return this.#lease;
  }

  get report(): PortMappingReport {
    if (this.#isPublic)
      return { state: "missing", why: "this node's address is public: there is no NAT to ask" };
    return reportOf(this.#lease, this.#options.clock());
  }

  /**
   * Looks to which gateway the default route leads, and begins to ask at the first time. `onChange` is called when others
   * have to be told of another endpoint.
   */
  look(onChange: () => void): void {
    this.#isStale = true;
    this.#changed.notify();
    this.#ended ??= this.#run(onChange);
  }

  /** Ends the questions. The mapping stays until its lifetime is over, as the data plane stays. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  /** Has the gateway end the mapping. Never throws: what is not ended ends by itself, within the hour. */
  async withdraw(): Promise<void> {
    await this.stop();
    if (this.#ended && this.#lease?.kind !== "held") return;
    const gateway = await this.#gateway();
    if (!gateway) return;
    this.#lease = undefined;
    await this.#ask(gateway, 0, AbortSignal.timeout(farewellMs)).catch(() => undefined);
  }

  async #run(onChange: () => void): Promise<void> {
    const { signal } = this.#stop;
    const { clock } = this.#options;
    while (!signal.aborted) {
      if (this.#isStale) await this.#findGateway(onChange);
      const lease = this.#lease;
      if (lease && clock() >= lease.nextAt) await this.#obtain(lease, onChange);
      const waitMs = this.#lease ? this.#lease.nextAt - clock() : longestMs;
      if (!this.#isStale) await this.#changed.wait(Math.max(1, waitMs), signal);
    }
  }

  async #findGateway(onChange: () => void): Promise<void> {
    this.#isStale = false;
    const gateway = await this.#gateway();
    if (isDeepStrictEqual(gateway, this.#lease?.gateway)) return;
    const wasHeld = this.#lease?.kind === "held";
    this.#lease = gateway && {
      kind: "missing",
      gateway,
      why: "it has not answered yet",
      times: -1,
      nextAt: 0,
    };
    if (wasHeld) onChange();
  }

  async #gateway(): Promise<Gateway | undefined> {
    const { run, interfaceName } = this.#options;
    const args = ["-j", "-4", "route", "show", "default"];
    return parseGateway(await run({ program: "ip", args }).catch(() => ""), interfaceName);
  }

  async #obtain(before: Lease, onChange: () => void): Promise<void> {
    const { log, clock } = this.#options;
    const { gateway } = before;
    let outcome: Awaited<ReturnType<typeof askForMapping>>;
    try {
      outcome = await this.#ask(gateway, lifetimeSeconds, this.#stop.signal);
    } catch (error) {
      log.debug({ gateway: gateway.address }, `no port mapping: ${errorText(error)}`);
    }
    if (this.#stop.signal.aborted) return;
    this.#isPublic = outcome === "public";
    const after = leaseAfter(gateway, before, outcome === "public" ? undefined : outcome, clock());
    this.#lease = after;
    if (!isNews(before, after)) return;
    if (after.kind === "held")
      log.info({ gateway: gateway.address, by: after.protocol, endpoint: after.external }, "port mapped");
    else log.warn({ gateway: gateway.address }, `the port mapping is lost: ${after.why}`);
    onChange();
  }

  #ask(gateway: Gateway, seconds: number, signal: AbortSignal): ReturnType<typeof askForMapping> {
    const { listenPort, privateKey } = this.#options;
    const lease = this.#lease;
    const externalPort = lease?.kind === "held" ? endpointPort(lease.external) : listenPort;
    const wish = { internalPort: listenPort, externalPort, lifetimeSeconds: seconds };
    // The same nonce after a restart, without a file: the router refuses to change a mapping for another one.
    const nonce = createHmac("sha256", privateKey.reveal()).update("kubespan port mapping v1").digest();
    return askForMapping({ gateway: gateway.address, wish, nonce: nonce.subarray(0, nonceBytes), signal });
  }
}
