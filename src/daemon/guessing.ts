import { randomBytes, randomInt } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import { onceFor } from "../base/index.ts";
import type { Config } from "../config/index.ts";
import { Openings } from "../guessing/effects/index.ts";
import {
  type GuessAction,
  type GuessEvent,
  type Guesses,
  guessLimits,
  guessPaths,
  introduce,
  keepsPort,
  noGuesses,
  noIntroductions,
  pairsFrom,
  stepGuesses,
  tokenIn,
  withToken,
} from "../guessing/index.ts";
import { type GuessNotice, tokenBytes } from "../members/index.ts";
import type { Decision } from "../mesh/index.ts";
import { type Endpoint, endpointAddress, familyOf, parseEndpoint } from "../net/index.ts";
import type { PeerSpec } from "../peers/index.ts";
import { bindingRequest } from "../stun/index.ts";
import type { ObservedDevice } from "../wireguard/index.ts";
import type { Membership } from "./membership.ts";
import type { Racing } from "./racing.ts";
import type { Relaying } from "./relaying.ts";

interface Parts {
  readonly config: Pick<Config, "portGuessing" | "listenPort">;
  readonly identity: { readonly publicKey: string };
  readonly membership: Pick<Membership, "members" | "observers" | "heedGuesses" | "tellGuess">;
  readonly log: Logger;
  /** The present time in milliseconds since 1970. */
  readonly clock: () => number;
}

type Sent = GuessNotice extends infer Each
  ? Each extends GuessNotice
    ? Omit<Each, "number">
    : never
  : never;

/** The names of peers: the node ids and labels by public key, and the keys by node id. */
const namesOf = onceFor((peers: readonly PeerSpec[]) => ({
  nodeIds: new Map(peers.map(({ publicKey, nodeId }) => [publicKey, nodeId])),
  keys: new Map(peers.map(({ publicKey, nodeId }) => [nodeId, publicKey])),
  labels: new Map(peers.map(({ publicKey, label }) => [publicKey, label])),
}));

/** Finds direct paths to relayed peers by guessing ports, and introduces those to each other that this node relays. */
export class Guessing {
  readonly #parts: Parts;
  readonly #racing: Racing;
  readonly #relaying: Relaying;
  /** Called when packets for a peer get through to one of its candidates. */
  readonly #onOpened: (publicKey: string, endpoint: Endpoint) => void;
  #guesses: Guesses = noGuesses;
  #introductions = noIntroductions;
  #guessed: ReadonlyMap<string, Endpoint> = new Map();
  #names = namesOf([]);
  /** The number of the last notice of each member, by public key. */
  readonly #numbers = new Map<string, number>();
  #number = 0;
  /** The sockets by the peer to which they lead. */
  readonly #openings = new Map<string, Openings>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    parts: Parts,
    { racing, relaying }: { readonly racing: Racing; readonly relaying: Relaying },
    onOpened: (publicKey: string, endpoint: Endpoint) => void,
  ) {
    this.#parts = parts;
    this.#racing = racing;
    this.#relaying = relaying;
    this.#onOpened = onOpened;
    parts.membership.heedGuesses((notice, sender) => this.#heed(notice, sender));
  }

  /** The endpoints at which peers were found, by public key. It is the same object until something of it changes. */
  get guessed(): ReadonlyMap<string, Endpoint> {
    return this.#guessed;
  }

  /** Follows a poll of the peers. */
  polled({ polled, specs }: Pick<Decision, "polled" | "specs">, device: ObservedDevice | undefined): void {
    const { peers } = specs;
    this.#names = namesOf(peers);
    for (const key of this.#numbers.keys()) if (!this.#names.nodeIds.has(key)) this.#numbers.delete(key);
    const { pairs, reached } = pairsFrom(peers, polled.memory, device);
    const isOn = this.#parts.config.portGuessing && this.#racing.isOn;
    this.#happened({ kind: "polled", pairs: isOn ? pairs : new Map(), reached });
  }

  /** Takes an answer to a packet that was sent to a guessed port. */
  receive(packet: Uint8Array, from: Endpoint): void {
    const token = tokenIn(packet);
    if (token !== undefined) this.#happened({ kind: "answered", from, token });
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const openings of this.#openings.values()) openings.close();
    this.#openings.clear();
    this.#guesses = noGuesses;
    this.#guessed = new Map();
  }

  #heed(notice: GuessNotice, sender: string): void {
    // A notice is repeated until it is confirmed, and counts once.
    if (!this.#names.nodeIds.has(sender) || notice.number <= (this.#numbers.get(sender) ?? 0)) return;
    this.#numbers.set(sender, notice.number);
    if (notice.kind === "introduce") return this.#introduce(sender, notice.nodeId);
    if (notice.kind === "open") return this.#happened({ ...notice, kind: "invited", peer: sender });
    if (notice.kind === "opened") return this.#happened({ ...notice, kind: "awaited", peer: sender });
    const peer = this.#names.keys.get(notice.nodeId);
    const { endpoint: theirs, own: mine } = notice;
    const { membership, config } = this.#parts;
    const seen = [
      ...(this.#racing.mapping?.observations ?? []),
      ...membership.observers.observations(membership.members),
    ];
    const keeps = keepsPort(mine, sender, seen, config.listenPort);
    if (peer !== undefined)
      this.#happened({ kind: "introduced", by: sender, peer, theirs, mine, keepsPort: keeps });
  }

  /** Tells two members of each other, between whom this node passes packets on. */
  #introduce(asker: string, nodeId: string): void {
    const about = this.#names.keys.get(nodeId);
    if (about === undefined || !this.#relaying.serves) return;
    const { neighbours } = this.#relaying;
    const { after, both } = introduce(this.#introductions, asker, about, neighbours, this.#parts.clock());
    this.#introductions = after;
    if (!both) return;
    const [one, other] = both;
    for (const [to, of] of [both, [other, one] as const]) {
      const named = this.#names.nodeIds.get(of.publicKey);
      if (named !== undefined)
        this.#tell(to.publicKey, {
          kind: "introduction",
          nodeId: named,
          endpoint: of.endpoint,
          own: to.endpoint,
        });
    }
  }

  #tell(publicKey: string, notice: Sent): void {
    const nodeId = this.#names.nodeIds.get(publicKey);
    if (nodeId === undefined) return;
    this.#number = Math.max(this.#number + 1, this.#parts.clock());
    const numbered: GuessNotice = { ...notice, number: this.#number };
    void this.#parts.membership.tellGuess(numbered, nodeId);
  }

  #happened(event: GuessEvent): void {
    const around = {
      own: this.#parts.identity.publicKey,
      now: this.#parts.clock(),
      below: (limit: number) => randomInt(limit),
      token: () => randomBytes(tokenBytes).toString("base64"),
    };
    const { after, do: actions } = stepGuesses(this.#guesses, event, around);
    const phase = after.guess?.phase;
    if (phase !== undefined && phase !== this.#guesses.guess?.phase)
      this.#parts.log.debug({ peer: after.guess?.peer, phase }, "guessing a port");
    this.#guesses = after;
    const found = guessPaths(after);
    if (!isDeepStrictEqual(found, this.#guessed)) this.#guessed = found;
    this.#keepTime();
    const placed = this.#place();
    for (const action of actions) this.#act(action, placed);
  }

  /** Packets are sent bit by bit. */
  #keepTime(): void {
    const isSending = this.#guesses.guess?.phase === "sending";
    if (isSending) this.#timer ??= setInterval(() => this.#happened({ kind: "tick" }), guessLimits.tickMs);
    if (isSending) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Brings the table and the sockets to what the guesses are now. */
  #place(): Promise<void> {
    const { guess, found } = this.#guesses;
    const all = [...found, ...(guess?.phase === "through" ? [[guess.peer, guess] as const] : [])];
    const paths = all.flatMap(([, { endpoint, port }]) => (port === undefined ? [] : [{ endpoint, port }]));
    const used = new Set(all.map(([peer]) => peer));
    for (const [peer, openings] of this.#openings) {
      if (used.has(peer) || (guess?.phase === "opening" && guess.peer === peer)) continue;
      openings.close();
      this.#openings.delete(peer);
    }
    return this.#racing.guess({ paths, opening: guess?.phase === "opening" ? guess.to : undefined });
  }

  #act(action: GuessAction, placed: Promise<void>): void {
    switch (action.kind) {
      case "ask":
        return this.#tell(action.relay, { kind: "introduce", nodeId: action.about });
      case "invite": {
        const { peer, endpoint, token } = action;
        return this.#tell(peer, {
          kind: "open",
          nodeId: this.#names.nodeIds.get(peer) ?? "",
          endpoint,
          token,
        });
      }
      case "open":
        return void placed.then(() => this.#open(action));
      case "tell": {
        const { peer, token, ports } = action;
        return this.#tell(peer, {
          kind: "opened",
          nodeId: this.#names.nodeIds.get(peer) ?? "",
          token,
          ports,
        });
      }
      case "send":
        for (const endpoint of action.to)
          this.#racing.ask(bindingRequest(this.#transaction(action.token)), endpoint);
        return;
      case "through":
        return void placed.then(() => this.#onOpened(action.peer, action.endpoint));
      case "said":
        return this.#say(action);
    }
  }

  async #open({ to, token }: GuessAction & { kind: "open" }): Promise<void> {
    const { guess } = this.#guesses;
    if (guess?.phase !== "opening" || guess.token !== token) return; // it is over by now
    const openings = new Openings({
      to,
      token,
      count: guessLimits.openings,
      newTransaction: (each) => this.#transaction(each),
      server: this.#server(),
      onHit: (port) => this.#happened({ kind: "hit", port }),
    });
    this.#openings.set(guess.peer, openings);
    this.#happened({ kind: "opened", ports: await openings.open() });
  }

  #transaction(token: string): Uint8Array {
    return withToken(this.#racing.transaction(), token);
  }

  /** A STUN server that answered, and which the configuration or a service names by its address. */
  #server(): Endpoint | undefined {
    const servers = (this.#racing.mapping?.observations ?? []).flatMap(
      ({ observer, by }) => (by === "server" && parseEndpoint(observer)) || [],
    );
    return servers.find((each) => familyOf(endpointAddress(each)) === 4);
  }

  #say({ peer, what }: GuessAction & { kind: "said" }): void {
    const label = this.#names.labels.get(peer) ?? peer;
    if (what === "found") this.#parts.log.info(`a port was guessed at which ${label} is reached directly`);
    else this.#parts.log.info(`no port was guessed at which ${label} is reached: it stays relayed`);
  }
}
