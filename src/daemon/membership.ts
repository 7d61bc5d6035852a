import type { Evicted } from "../api/index.ts";
import { errorText } from "../base/index.ts";
import type { RegistryState } from "../discovery/index.ts";
import { Messenger, type Recipient } from "../members/effects/index.ts";
import type { GuessNotice, KeyNotice } from "../members/index.ts";
import {
  afterClockSet,
  type ClockFacts,
  contestedAnew,
  datedAhead,
  farewellsIn,
  isClockBehind,
  type Leaving,
  linksOf,
  type MemberClaim,
  type Members,
  type Ownerless,
  type Standings,
  type Stepped,
  standingsOf,
  stepMembers,
  withoutLatecomers,
} from "../members/index.ts";
import type { Decision } from "../mesh/index.ts";
import { type Peers, tunnelOf } from "../peers/index.ts";
import type { ObservedDevice } from "../wireguard/index.ts";
import { ClockWatch } from "./clock-watch.ts";
import type { Evictions } from "./evictions.ts";
import { forgetNamed } from "./forget.ts";
import { type Heeding, heed } from "./heed.ts";
import { recipientFor, sayFarewell, unannounced } from "./leave.ts";
import type { MembershipParts } from "./membership-parts.ts";
import { memberAt } from "./named-member.ts";
import { NextKeysHeard } from "./next-keys.ts";
import { Observers } from "./observers.ts";
import type { Registries } from "./registries.ts";
import { rememberedOf } from "./remembered.ts";
import type { Around, SecretChange } from "./secret-change.ts";
import { tellMembers, tellObserved } from "./tell-members.ts";
import { type LetGo, Unowned } from "./unowned.ts";

/** What is known of members when the configuration is replaced. What is absent comes from the ledger. */
export interface Remembered {
  readonly members?: Members | undefined;
  readonly ownerless?: Ownerless | undefined;
}

/** Keeps the list of the members from pass to pass, and from start to start. */
export class Membership {
  readonly #parts: MembershipParts;
  readonly messenger: Messenger;
  readonly observers: Observers;
  readonly nextKeys: NextKeysHeard;
  #members: Members;
  readonly unowned: Unowned;
  readonly #clockWatch: ClockWatch;
  /** The number of the last step. It goes on from the members that were there before. */
  #revision: number;
  #refused: Stepped["refused"] = [];
  /** The members that are to be let go at the next step for other reasons than the registries', by node id. */
  #leaving = new Map<string, Leaving>();
  /** The ids that some registry has named since the start. */
  readonly #heard = new Set<string>();
  /** The owners that were contested at the last pass, and since when. */
  #contested: Decision["contested"] = new Map();
  #wake: () => void = () => undefined;
  #onObserved: () => void = () => undefined;
  #onGuess: (notice: GuessNotice, sender: string) => void = () => undefined;
  /** What the last step showed of this node's clock. */
  #clockFacts: ClockFacts;

  constructor(parts: MembershipParts, before: Remembered = {}) {
    const { members = parts.ledger.found?.members ?? new Map() } = before;
    this.#parts = parts;
    this.#members = members;
    this.unowned = new Unowned(before.ownerless ?? parts.ledger.ownerless);
    this.#clockWatch = new ClockWatch(parts.ticks);
    this.#clockFacts = { lastRanAt: parts.ledger.found?.savedAt ?? 0, announcements: 0, ahead: 0 };
    this.#revision = Math.max(0, ...[...members.values()].map(({ revision }) => revision));
    this.observers = new Observers({ ...parts, nodeId: parts.identity.nodeId });
    this.nextKeys = new NextKeysHeard(parts);
    this.messenger = new Messenger({
      address: parts.self.address,
      keys: parts.identity,
      senderAt: (address) => this.#recipientAt(address),
      onNotice: (notice, sender) => heed(notice, sender, this.#heeding),
      log: parts.log,
    });
  }

  /**
   * Listens for notices from now on, as soon as the link is there. `wake` is called when a step is needed, and
   * `onObserved` when a member sees this node at another endpoint than before.
   */
  async listen(wake: () => void, onObserved: () => void): Promise<void> {
    this.#wake = wake;
    this.#onObserved = onObserved;
    await this.messenger.open();
  }

  /** Sets the function that takes what members say about paths that are guessed; `sender` is a public key. */
  heedGuesses(onGuess: (notice: GuessNotice, sender: string) => void): void {
    this.#onGuess = onGuess;
  }

  /** Tells a member something about a path that is guessed. */
  async tellGuess(notice: GuessNotice, nodeId: string): Promise<void> {
    const member = this.#members.get(nodeId);
    if (member) await this.messenger.tell(recipientFor(member), notice);
  }

  get members(): Members {
    return this.#members;
  }

  get remembers(): Remembered {
    return { members: this.#members, ownerless: this.unowned.now };
  }

  /** The affiliates that were not believed at the last step. */
  get refused(): Stepped["refused"] {
    return this.#refused;
  }

  get clockFacts(): ClockFacts {
    return this.#clockFacts;
  }

  /** The claims of the members whose traffic belongs into the mesh. */
  claims(): readonly MemberClaim[] {
    return [...this.#members.values()].flatMap((member) =>
      member.standing === "released" ? [] : { affiliate: member.claim, revision: member.revision },
    );
  }

  standings(): Standings {
    return standingsOf(this.#members, this.#parts.clock());
  }

  /** Takes in what the registries say now, and which members are connected. The peers are those of the last poll. */
  step(registries: Registries, device: ObservedDevice | undefined, { connections }: Peers): void {
    const { identity, config, ledger, evictions, isKept } = this.#parts;
    const now = this.#parts.clock();
    const clockSetByMs = this.#clockWatch.setByMs(now);
    const before = afterClockSet(this.#members, clockSetByMs);
    const told = registries.heard().filter(({ nodeId }) => nodeId !== identity.nodeId);
    const { heard, refused } = withoutLatecomers(told, before, config.cluster);
    for (const { nodeId } of heard) this.#heard.add(nodeId);
    evictions.hear(heard);
    this.nextKeys.see(device);
    const leaving = new Map([...farewellsIn(heard, before, identity, now), ...this.#leaving]);
    const renamed = this.nextKeys.applied(before, heard);
    const clock = {
      forgetAfterMs: config.members.forgetAfterMinutes * 60_000,
      isClockBehind: isClockBehind(this.#clockFacts, now),
    };
    const news = {
      ...clock,
      revision: ++this.#revision,
      heard: renamed.heard,
      links: linksOf(device, (key) => tunnelOf(connections.get(key))),
      leaving,
      isEvicted: evictions.isNobodyOut ? undefined : evictions.isEvicted,
      deletedNodes: registries.deletedNodes(),
      mayBeAbsent: registries.isSettled(),
    };
    const stepped = stepMembers(renamed.members, news, now);
    const isNew = this.unowned.step({ ...clock, now, clockSetByMs }) || stepped.members !== this.#members;
    this.#members = stepped.members;
    this.#refused = [...refused, ...stepped.refused];
    this.#clockFacts = { ...this.#clockFacts, ...datedAhead(heard, now) };
    this.#leaving = new Map();
    tellMembers(this.#parts.log, stepped.events);
    const podNetworks = () => registries.podNetworks();
    const ownerless = () => this.unowned.now;
    if (isNew && isKept) ledger.changed(() => this.#members, podNetworks, ownerless);
  }

  /** Resolves once all that may be steered after the last step is on disk. */
  keepNew(): Promise<void> {
    return this.#parts.ledger.keepNew();
  }

  /**
   * Lets a member go that is gone for good, here and on the connected members, or here a network whose owner is not known.
   */
  forget(name: string): Promise<LetGo> {
    const now = this.#parts.clock();
    return forgetNamed(name, { ...this.#heeding, messenger: this.messenger, unowned: this.unowned, now });
  }

  /** Keeps a node out, or lets it in again, as an operator signed it, and tells the connected members. */
  async evict(statement: string): Promise<Evicted> {
    await this.#parts.evictions.give(statement);
    this.#wake();
    return this.#parts.evictions.tellAll(statement, this.#members, this.messenger);
  }

  /**
   * Takes in what a pass came to, and tells members what is due to them: where they are seen, and the evictions that this
   * node carries.
   */
  tellAfterPass(decision: Pick<Decision, "tell" | "contested" | "specs" | "polled">): void {
    this.unowned.found(decision);
    const { evictions, secretChange } = this.#parts;
    const spread = evictions.spread(this.#members, this.messenger);
    const told = [this.#tell(decision), spread, secretChange.lead(this.around)];
    for (const each of told) each.catch((error: unknown) => this.#parts.log.debug(errorText(error)));
  }

  get evictions(): Evictions {
    return this.#parts.evictions;
  }

  get secretChange(): SecretChange {
    return this.#parts.secretChange;
  }

  /** What a change of the cluster secret needs of the mesh. */
  get around(): Around {
    return { ...this.#parts, members: this.#members, messenger: this.messenger, wake: this.#wake };
  }

  /** Tells the others that this node leaves; gives the problems in words. */
  leave(
    registries: Registries,
    device: ObservedDevice | undefined,
    own = unannounced(this.#parts.identity.nodeId),
  ): Promise<string[]> {
    const { identity, self, number, clock } = this.#parts;
    const messenger = this.messenger;
    const leaver = {
      members: this.#members,
      messenger,
      registries,
      device,
      cluster: self.clusterPrefix,
      keys: identity,
      own,
      number,
      now: clock(),
      isClockBehind: isClockBehind(this.#clockFacts, clock()),
    };
    return sayFarewell(leaver);
  }

  async erase(): Promise<void> {
    this.#members = new Map();
    await this.#parts.ledger.forget();
  }

  /** Tells members where this node sees them, and asks the owners of what others come to claim whether they are there. */
  async #tell({ tell, contested }: Pick<Decision, "tell" | "contested">): Promise<void> {
    const anew = contestedAnew(this.#contested, contested).flatMap((id) => this.#members.get(id) ?? []);
    this.#contested = contested;
    await Promise.all([
      this.messenger.prompt(anew.flatMap(recipientFor)),
      tellObserved(this.messenger, this.#members, tell, this.#parts.clock()),
    ]);
  }

  /** Tells the connected members of the key that this node takes next, or has just taken. */
  tellKey(next: Pick<KeyNotice, "publicKey" | "number">): ReturnType<NextKeysHeard["tellAll"]> {
    return this.nextKeys.tellAll(next, this.#members, this.messenger);
  }

  get #heeding(): Heeding {
    return {
      parts: this.#parts,
      nextKeys: this.nextKeys,
      observers: this.observers,
      members: this.#members,
      around: this.around,
      wake: this.#wake,
      onObserved: this.#onObserved,
      onGuess: this.#onGuess,
      letGo: this.#letGo.bind(this),
    };
  }

  #letGo(nodeId: string, leaving: Leaving): void {
    this.#leaving.set(nodeId, leaving);
    this.#wake();
  }

  #recipientAt(address: Recipient["address"]): Recipient | undefined {
    const member = memberAt(address, this.#members, this.#parts.clock());
    return member && recipientFor(member)[0];
  }

  /** The memory of the last run, as far as it stands in for registries that have not answered. */
  remembered(registries: Registries): RegistryState[] {
    return rememberedOf(this.#parts, this.#members, this.#heard, registries);
  }

  async close(): Promise<void> {
    this.messenger.close();
    if (this.#parts.isKept) await this.#parts.ledger.close();
  }
}
