import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import { errorText } from "../../base/index.ts";
import type { RelayConfig } from "../../config/index.ts";
import { createCookieReply, recipientKey } from "../../handshake/index.ts";
import { type Endpoint, endpointAddress, type Family, familyOf, type Marks } from "../../net/index.ts";
import type { TableName } from "../../nftables/index.ts";
import { Sockets } from "../../port/effects/index.ts";
import { effectiveUser, type Runner } from "../../system/index.ts";
import { familyOfEndpoint, type Neighbour } from "../neighbours.ts";
import { judge, PassingMemory, pairsAt, type Surroundings, type Verdict } from "../passing.ts";
import { type RelayedWay, type RelayRules, relayTablesOf } from "../rules.ts";
import {
  bytesRelayed,
  changeMembers,
  loadRelayTable,
  membersIn,
  observeRelayTables,
  openWays,
  unaskedAt,
} from "./tables.ts";

interface RelayOptions {
  readonly run: Runner;
  /** The present time in milliseconds since 1970. */
  readonly clock: () => number;
  readonly log: Logger;
  /** The public key of this node in base64, as all public keys here. */
  readonly publicKey: string;
  /** The name of the mesh's link. */
  readonly interfaceName: string;
  readonly listenPort: number;
  readonly marks: Marks;
  readonly limits: Pick<RelayConfig, "maxPairs" | "maxBytesPerSecond">;
}

/**
 * Passes handshakes on between members, and has the kernel pass on what follows. It reads no packet but handshakes, and of
 * those only what everybody on the way can read.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #counts = { passed: 0, refused: 0 };
  #sockets: Sockets | undefined;
  #families: readonly Family[] = [];
  /** The rules of the tables as nft lists them. */
  #rules: ReadonlyMap<TableName, string> = new Map();
  readonly #passing = new PassingMemory();
  #around: Surroundings;
  #members: ReadonlySet<Endpoint> = new Set();
  /** The keys by which messages name their recipients, by public key. Each is worked out once. */
  #recipients = new Map<string, Uint8Array>();

  /** Opens the sockets and loads the tables. Throws `KubespanError("command")` where this machine cannot do it. */
  static async open(options: RelayOptions): Promise<Relay> {
    const relay = new Relay(options);
    const sockets = await Sockets.open(options.listenPort, (packet, from) => relay.#receive(packet, from));
    relay.#sockets = sockets;
    relay.#families = sockets.ports.ipv6 === undefined ? [4] : [4, 6];
    try {
      await relay.#load();
    } catch (error) {
      await sockets.close();
      throw error;
    }
    return relay;
  }

  private constructor(options: RelayOptions) {
    this.#options = options;
    const own = recipientKey(bytesOf(options.publicKey));
    const [byEndpoint, byKey, recipients] = [new Map(), new Map(), new Map()];
    const { maxPairs } = options.limits;
    this.#around = { byEndpoint, byKey, own, recipients, maxPairs, secret: randomBytes(32) };
  }

  get counts(): { readonly pairs: number; readonly passed: number; readonly refused: number } {
    return { pairs: pairsAt(this.#passing, this.#options.clock()), ...this.#counts };
  }

  /**
   * Makes these the members between which packets are passed on; with none, nothing is. Throws `KubespanError("command")`.
   */
  async follow(neighbours: readonly Neighbour[]): Promise<void> {
    const byEndpoint = new Map(neighbours.map((each) => [each.endpoint, each]));
    this.#recipients = new Map(
      neighbours.map(({ publicKey }) => [
        publicKey,
        this.#recipients.get(publicKey) ?? recipientKey(bytesOf(publicKey)),
      ]),
    );
    const byKey = new Map(neighbours.map((each) => [each.publicKey, each]));
    this.#around = { ...this.#around, byEndpoint, byKey, recipients: this.#recipients };
    await this.#setMembers(new Set(byEndpoint.keys()));
  }

  /** Puts the tables back if their rules or members are not as they were made; tells whether that was necessary. */
  async repair(): Promise<boolean> {
    const { run, interfaceName } = this.#options;
    const found = await observeRelayTables(run, interfaceName);
    if (!this.#sockets) return false;
    if (isDeepStrictEqual(found, this.#rules) && (await this.#hasMembers())) return false;
    const members = this.#members;
    await this.#load();
    await this.#setMembers(members);
    return true;
  }

  /** Whether the tables have exactly the members that were put there. A family without any is not asked for. */
  async #hasMembers(): Promise<boolean> {
    const { run, interfaceName } = this.#options;
    const tables = relayTablesOf(interfaceName);
    const wholeOf = async (family: Family): Promise<boolean> => {
      const wanted = [...this.#members].filter((each) => familyOfEndpoint(each) === family);
      if (wanted.length === 0) return true;
      const found = await membersIn(run, tables[family]);
      return found.size === wanted.length && wanted.every((each) => found.has(each));
    };
    return (await Promise.all(this.#families.map(wholeOf))).every(Boolean);
  }

  /** The bytes of data that were passed on since the tables were made. Throws `KubespanError("command")`. */
  bytes(): Promise<number> {
    return bytesRelayed(this.#options.run, this.#options.interfaceName);
  }

  /** The endpoints from which initiations came unasked. */
  unasked(): Promise<readonly Endpoint[]> {
    return unaskedAt(this.#options.run, this.#options.interfaceName);
  }

  /** Ends what depends on this process. The tables stay, so that sessions go on until their keys are renewed. */
  async close(): Promise<void> {
    const sockets = this.#sockets;
    await this.#setMembers(new Set()).catch((error: unknown) => this.#options.log.warn(errorText(error)));
    this.#sockets = undefined;
    await sockets?.close();
  }

  async #load(): Promise<void> {
    const { run, interfaceName, listenPort, marks, limits } = this.#options;
    const { ipv4, ipv6 } = this.#sockets?.ports ?? {};
    for (const family of this.#families) {
      const port = family === 4 ? ipv4 : ipv6;
      if (port === undefined) continue;
      const userId = effectiveUser();
      const rules: RelayRules = { interfaceName, listenPort, marks, family, port, userId, ...limits };
      await loadRelayTable(run, rules);
    }
    this.#members = new Set();
    this.#rules = await observeRelayTables(run, interfaceName);
  }

  async #setMembers(members: ReadonlySet<Endpoint>): Promise<void> {
    const { run, interfaceName } = this.#options;
    const [before, tables] = [this.#members, relayTablesOf(interfaceName)];
    if (!this.#sockets) return;
    for (const family of this.#families) {
      const isOf = (endpoint: Endpoint): boolean => familyOfEndpoint(endpoint) === family;
      const come = [...members].filter((each) => isOf(each) && !before.has(each));
      const gone = [...before].filter((each) => isOf(each) && !members.has(each));
      if (come.length + gone.length > 0) await changeMembers(run, tables[family], { come, gone });
    }
    this.#members = members;
  }

  /** Judges a packet, and passes it on. Never throws: a packet that fails is lost, as on any way. */
  #receive(packet: Uint8Array, from: Endpoint): void {
    const now = this.#options.clock();
    this.#passing.forget(now);
    const { verdict, change } = judge(this.#passing, packet, from, this.#around, now);
    this.#passing.apply(change);
    if (verdict.kind === "ignore") return;
    if (verdict.kind !== "pass") this.#counts.refused++;
    if (verdict.kind === "prove") this.#askForProof(packet, from, verdict);
    if (verdict.kind !== "pass") return;
    void this.#pass(packet, verdict).catch((error: unknown) => {
      this.#counts.refused++;
      this.#options.log.debug(errorText(error));
    });
  }

  #askForProof(packet: Uint8Array, from: Endpoint, { recipient, cookie }: Verdict & { kind: "prove" }): void {
    const reply = createCookieReply(packet, bytesOf(recipient), { cookie, nonce: randomBytes(24) });
    this.#sockets?.send(reply, from, () => undefined); // the sender asks again, and gets another one
  }

  async #pass(
    packet: Uint8Array,
    { to, ways }: { readonly to: Endpoint; readonly ways: readonly RelayedWay[] },
  ): Promise<void> {
    const { run, interfaceName, marks } = this.#options;
    const table = relayTablesOf(interfaceName)[familyOf(endpointAddress(to))];
    if (ways.length > 0) await openWays(run, table, ways, marks);
    this.#counts.passed++;
    this.#sockets?.send(packet, to, () => this.#counts.refused++);
  }
}

const bytesOf = (key: string): Uint8Array => new Uint8Array(Buffer.from(key, "base64"));
