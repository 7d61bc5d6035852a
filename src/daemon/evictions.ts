import type { Logger } from "pino";
import type { Evicted } from "../api/index.ts";
import { KubespanError } from "../base/index.ts";
import type { Config } from "../config/index.ts";
import type { Heard } from "../discovery/index.ts";
import { RollFile } from "../eviction/effects/index.ts";
import {
  carriedBy,
  type Eviction,
  entered,
  isEvicted,
  mostCarried,
  mostEvictions,
  type Operators,
  openStatement,
  type Proven,
  type Roll,
} from "../eviction/index.ts";
import type { Identity } from "../identity/index.ts";
import type { Messenger } from "../members/effects/index.ts";
import { isConnected, labelOf, type Member, type Members } from "../members/index.ts";
import { recipientFor } from "./leave.ts";

interface Parts {
  /** The evictions that were found on disk. */
  readonly found: Roll;
  /** Writes the evictions to disk. */
  readonly keep: (roll: Roll) => Promise<void>;
  readonly operators: Operators;
  readonly own: { readonly nodeId: string; readonly publicKey: string };
  readonly log: Logger;
  /** The present time in milliseconds since 1970. */
  readonly clock: () => number;
}

/** The statements that were judged, so that none is checked again and again. When there are too many, all are forgotten. */
const mostJudged = 4_096;
/** The most statements that are told after one pass, and the time before one that was not confirmed is told again. */
const mostAtOnce = 64;
const againMs = 60_000;

/** The evictions that this node knows, keeps on disk, obeys, and carries to others. */
export class Evictions {
  readonly #parts: Parts;
  #roll: Roll;
  readonly #judged = new Set<string>();
  /** The statements that an operator gave to this node since its start. */
  readonly #given = new Set<string>();
  /** The members that confirmed a statement, and when the others were told last, by statement and public key. */
  readonly #told = new Map<string, number>();
  #carried: { readonly roll: Roll; readonly members: number; readonly all: readonly Proven[] } | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#roll = parts.found;
  }

  /** All evictions that are known, also the lifted ones. */
  get all(): readonly Eviction[] {
    return [...this.#roll.values()].map(({ eviction }) => eviction);
  }

  readonly isEvicted = (nodeId: string, publicKey: string | undefined): boolean =>
    isEvicted(this.#roll, nodeId, publicKey);

  /** Whether no operator ever kept anybody out. */
  get isNobodyOut(): boolean {
    return this.#roll.size === 0;
  }

  /** Whether this node itself is kept out. */
  get isOut(): boolean {
    return this.isEvicted(this.#parts.own.nodeId, this.#parts.own.publicKey);
  }

  /** Takes in the statements that other nodes carry in what they announce. */
  hear(heard: readonly Heard[]): void {
    for (const { sealed } of heard)
      for (const statement of sealed?.membership?.evictions ?? [])
        if (!this.#judged.has(statement)) this.take(statement);
  }

  /** Takes in a statement, from whomever it comes. Tells whether it is one of an operator, known before or not. */
  take(statement: string): boolean {
    if (this.#judged.size >= mostJudged) this.#judged.clear();
    this.#judged.add(statement);
    const eviction = openStatement(statement, this.#parts.operators);
    if (!eviction) return false;
    const roll = entered(this.#roll, { eviction, statement });
    if (roll === this.#roll) return true;
    this.#roll = roll;
    const { log, keep } = this.#parts;
    const { nodeId, publicKey, isLifted } = eviction;
    log.warn(
      { nodeId, publicKey },
      isLifted ? "an operator lets a node in again" : "an operator evicts a node",
    );
    void keep(roll);
    return true;
  }

  /** Takes in what an operator says on this node. Throws `KubespanError("usage")` if it cannot be obeyed. */
  async give(statement: string): Promise<Eviction> {
    const { operators, own, keep } = this.#parts;
    const eviction = openStatement(statement, operators);
    if (!eviction)
      throw new KubespanError("usage", "this node knows no operator with that key", {
        hint: "operatorKeys of its configuration has to name the key, on every node",
      });
    const isOwn = eviction.nodeId === own.nodeId || eviction.publicKey === own.publicKey;
    if (isOwn && !eviction.isLifted)
      throw new KubespanError("usage", "this node does not evict itself", {
        hint: "run 'kubespan leave' here, or evict it from another node",
      });
    const after = entered(this.#roll, { eviction, statement });
    if (after === this.#roll && after.size >= mostEvictions)
      throw new KubespanError("usage", `there are ${mostEvictions} evictions, and a node keeps no more`, {
        hint: "begin anew with another cluster secret and another operator's key",
      });
    if (after === this.#roll)
      throw new KubespanError("usage", "a later statement about that node is known already", {
        hint: "is the clock of this machine right? 'kubespan get evictions' lists them",
      });
    this.take(statement);
    this.#given.add(statement);
    await keep(this.#roll);
    return eviction;
  }

  /** The statements for this node's announcement, the newest first. */
  announced(members: Members): readonly string[] {
    return this.#carriedNow(members)
      .slice(0, mostCarried)
      .map(({ statement }) => statement);
  }

  /** Tells all connected members of a statement at once; gives how many heard it, and who did not obey, with the reason. */
  async tellAll(statement: string, members: Members, messenger: Messenger): Promise<Evicted> {
    const { nodeId, publicKey } = openStatement(statement, this.#parts.operators) ?? {};
    const isIt = ({ nodeId: id, claim }: Member): boolean =>
      id === nodeId || (publicKey !== undefined && claim.kubespan?.publicKey === publicKey);
    const others = [...members.values()].filter((each) => each.standing !== "released" && !isIt(each));
    const reachable = others.filter((member) => this.#isReachable(member));
    const told = await messenger.tell(reachable.flatMap(recipientFor), { kind: "eviction", statement });
    this.#note(statement, told, told);
    const missed = others.flatMap((member) => {
      const reason = this.#whyNot(member, told);
      return reason === undefined ? [] : { label: labelOf(member.claim), reason };
    });
    const named = [...members.values()].find(isIt);
    const label = named ? labelOf(named.claim) : (nodeId ?? publicKey ?? "");
    return { label, asked: reachable.length, heard: told.size, missed };
  }

  /** Tells members that came up since, after a pass, what this node carries. */
  async spread(members: Members, messenger: Messenger): Promise<void> {
    const now = this.#parts.clock();
    let left = mostAtOnce;
    for (const { statement } of this.#roll.size === 0 ? [] : this.#carriedNow(members)) {
      const due = [...members.values()]
        .filter((member) => member.standing !== "released" && this.#isReachable(member))
        .flatMap(recipientFor)
        .filter(({ publicKey }) => now - (this.#told.get(`${statement} ${publicKey}`) ?? 0) >= againMs)
        .slice(0, left);
      if (due.length === 0) continue;
      left -= due.length;
      const keys = due.map(({ publicKey }) => publicKey);
      this.#note(statement, keys);
      this.#note(statement, keys, await messenger.tell(due, { kind: "eviction", statement }));
      if (left <= 0) return;
    }
  }

  #note(statement: string, keys: Iterable<string>, confirmed: ReadonlySet<string> = new Set()): void {
    const now = this.#parts.clock();
    for (const key of keys)
      this.#told.set(`${statement} ${key}`, confirmed.has(key) ? Number.POSITIVE_INFINITY : now);
  }

  #carriedNow(members: Members): readonly Proven[] {
    const known = this.#carried;
    if (known?.roll === this.#roll && known.members === members.size) return known.all;
    const others = [...members.values()].flatMap(({ standing, nodeId }) =>
      standing === "released" ? [] : nodeId,
    );
    const carried = new Set(carriedBy(this.#roll, this.#parts.own.nodeId, others));
    const all = [...this.#roll.values()]
      .filter((proven) => carried.has(proven) || this.#given.has(proven.statement))
      .toSorted((one, other) => other.eviction.number - one.eviction.number);
    this.#carried = { roll: this.#roll, members: members.size, all };
    return all;
  }

  /** A node of Talos, or of an early version, has no membership and hears no notices. */
  #isReachable(member: Member): boolean {
    return isConnected(member, this.#parts.clock()) && member.claim.membership !== undefined;
  }

  #whyNot(member: Member, told: ReadonlySet<string>): string | undefined {
    const { kubespan, membership } = member.claim;
    if (kubespan && told.has(kubespan.publicKey)) return undefined;
    if (!membership) return "it knows no evictions: Talos, or an early version";
    return isConnected(member, this.#parts.clock())
      ? "it did not confirm: is the operator's key in its configuration?"
      : "it is not connected: it hears when it is back";
  }
}

/** The evictions that this node knows. Those that it hears of are kept on disk only if `isKept`. */
export async function evictionsOf(
  { stateDirectory, cluster, operatorKeys = [] }: Config,
  own: Identity,
  log: Logger,
  isKept = true,
): Promise<Evictions> {
  const operators = { clusterId: cluster.id, keys: operatorKeys };
  const file = await RollFile.open(stateDirectory, operators, log);
  const keep = (roll: Roll): Promise<void> => (isKept ? file.keep(roll) : Promise.resolve());
  return new Evictions({ found: file.found, keep, operators, own, log, clock: Date.now });
}
