import {
  type Address,
  type Endpoint,
  endpointAddress,
  endpointOf,
  endpointPort,
  familyOf,
} from "../net/index.ts";
import { refill, spend } from "../peers/index.ts";
import type { Found, Guess, GuessAction, GuessEvent, Guesses, RelayedPair } from "./guess.ts";
import { guessBudget, guessLimits } from "./limits.ts";
import { portsToGuess } from "./ports.ts";

/** What a step is told beside the event. */
export interface Around {
  /** The public key of this node. */
  readonly own: string;
  readonly now: number;
  /** Draws a number from 0 up to, and without, its argument. */
  readonly below: (limit: number) => number;
  /** Makes a token that nobody can guess. */
  readonly token: () => string;
}

export interface GuessStep {
  readonly after: Guesses;
  readonly do: readonly GuessAction[];
}

/**
 * What becomes of guesses by one event. Only one guess is under way at a time. It is about a peer that is reached by a relay,
 * and packets are sent only to an endpoint, or to the ports of an address, at which that relay sees the peer.
 */
export function stepGuesses(before: Guesses, event: GuessEvent, around: Around): GuessStep {
  const filled = { ...before, budget: refill(before.budget, around.now, guessBudget) };
  switch (event.kind) {
    case "polled":
      return polled(filled, event, around);
    case "introduced":
      return introduced(filled, event, around);
    case "invited":
      return invited(filled, event, around);
    case "opened":
      return opened(filled, event.ports);
    case "awaited":
      return awaited(filled, event, around);
    case "hit":
      return hit(filled, event.port, around.now);
    case "answered":
      return answered(filled, event, around.now);
    case "tick":
      return filled.guess?.phase === "sending" ? sending(filled, filled.guess, around.now) : idle(filled);
  }
}

const idle = (after: Guesses): GuessStep => ({ after, do: [] });

function polled(
  before: Guesses,
  { pairs, reached }: GuessEvent & { kind: "polled" },
  around: Around,
): GuessStep {
  const { now } = around;
  const said: GuessAction[] = [];
  const found = new Map<string, Found>();
  const rests = new Map([...before.rests].filter(([, { until, inVain }]) => until > now || inVain > 0));
  const addresses = new Map([...before.addresses].filter(([, until]) => until > now));
  for (const [peer, path] of before.found) {
    const isThere = reached.get(peer) === path.endpoint;
    if (isThere || now - path.seenAt < guessLimits.leftMs)
      found.set(peer, isThere ? { ...path, seenAt: now } : path);
    else rests.set(peer, { until: now + guessLimits.lostMs, inVain: 0 });
  }
  let after: Guesses = { ...before, pairs, found, rests, addresses };
  const { guess } = after;
  if (guess?.phase === "through" && reached.get(guess.peer) === guess.endpoint) {
    const { endpoint, port, peer } = guess;
    found.set(peer, { endpoint, ...(port !== undefined && { port }), seenAt: now });
    addresses.delete(endpointAddress(endpoint)); // the next node behind that NAT need not wait
    said.push({ kind: "said", peer, what: "found" });
    after = { ...after, guess: undefined };
  } else if (guess && isOver(guess, pairs, now)) {
    if (isSpent(guess)) said.push({ kind: "said", peer: guess.peer, what: "failed" });
    after = failed(after, guess, now);
  }
  const asking = after.guess ? undefined : nextPair(after, around);
  if (!asking) return { after, do: said };
  const { publicKey: peer, relay, nodeId: about } = asking;
  return {
    after: { ...after, guess: { phase: "asked", peer, relay, at: now } },
    do: [...said, { kind: "ask", relay, about }],
  };
}

/** Whether nothing comes of a guess any more. */
function isOver(guess: Guess, pairs: Guesses["pairs"], now: number): boolean {
  const elapsed = now - guess.at;
  switch (guess.phase) {
    case "asked":
    case "introduced":
    case "invited":
      return elapsed >= guessLimits.replyMs || !pairs.has(guess.peer);
    case "sending": {
      const { packets, packetsPerSecond, lastAnswerMs } = guessLimits;
      return elapsed >= (1_000 * packets) / packetsPerSecond + lastAnswerMs || !pairs.has(guess.peer);
    }
    case "opening":
      return elapsed >= guessLimits.openMs || !pairs.has(guess.peer);
    case "through":
      return elapsed >= guessLimits.moveMs;
  }
}

/** Whether packets were sent to somebody because of it. */
const isSpent = ({ phase }: Guess): boolean =>
  phase === "sending" || phase === "opening" || phase === "through";

function failed(before: Guesses, guess: Guess, now: number): Guesses {
  const { failedMs, unansweredMs } = guessLimits;
  const inVain = (before.rests.get(guess.peer)?.inVain ?? 0) + 1;
  const restMs = isSpent(guess) ? failedMs : Math.min(failedMs, unansweredMs * 2 ** (inVain - 1));
  return {
    ...before,
    guess: undefined,
    rests: new Map(before.rests).set(guess.peer, { until: now + restMs, inVain }),
  };
}

/** The pair to begin with. Of the two, the one with the lower key asks, and the other one is introduced as well. */
function nextPair(state: Guesses, { own, now }: Around): RelayedPair | undefined {
  const { relayedMs, youngestSessionMs, oldestSessionMs } = guessLimits;
  if (!isAffordable(state)) return undefined;
  return [...state.pairs.values()]
    .filter(({ publicKey, since, sessionAt }) => {
      const age = sessionAt === undefined ? 0 : now - sessionAt;
      const isCalm = age >= youngestSessionMs && age < oldestSessionMs;
      return own < publicKey && isCalm && now - since >= relayedMs && mayGuess(state, publicKey, now);
    })
    .toSorted((one, other) => restOf(state, one.publicKey) - restOf(state, other.publicKey))[0];
}

const restOf = (state: Guesses, peer: string): number => state.rests.get(peer)?.until ?? 0;
const mayGuess = (state: Guesses, peer: string, now: number): boolean =>
  now >= restOf(state, peer) && !state.found.has(peer);
const isAffordable = ({ budget }: Guesses): boolean => (budget?.left ?? 0) >= 1;

/** A guess that sends something: it is paid, and nothing more is sent to that address for an hour. */
const begun = (before: Guesses, guess: Guess, address: Address, now: number): Guesses => ({
  ...before,
  guess,
  budget: before.budget && spend(before.budget, 1),
  addresses: new Map(before.addresses).set(address, now + guessLimits.failedMs),
});

/** Whether something may be sent to an address, which the peer announces and which the relay sees. */
function isOpenTo(
  { addresses }: Guesses,
  { candidates }: RelayedPair,
  address: Address,
  now: number,
): boolean {
  const isAnnounced = candidates.some((each) => endpointAddress(each) === address);
  return familyOf(address) === 4 && isAnnounced && now >= (addresses.get(address) ?? 0);
}

function introduced(
  before: Guesses,
  { by, peer, theirs, mine, keepsPort }: GuessEvent & { kind: "introduced" },
  around: Around,
): GuessStep {
  const { guess } = before;
  const { now } = around;
  const pair = before.pairs.get(peer);
  const isFree = guess === undefined || (guess.phase === "asked" && guess.peer === peer);
  const mayBegin = isFree && isAffordable(before) && (guess !== undefined || mayGuess(before, peer, now));
  if (!pair || pair.relay !== by || !mayBegin) return idle(before);
  if (!isOpenTo(before, pair, endpointAddress(theirs), now)) return idle(before);
  if (!keepsPort) {
    const waiting: Guesses = { ...before, guess: { phase: "introduced", peer, at: now, theirs } };
    const { invitation } = before;
    const isFresh = invitation?.peer === peer && now - invitation.at < guessLimits.replyMs;
    return isFresh ? invited(waiting, { ...invitation, kind: "invited" }, around) : idle(waiting);
  }
  const made = around.token();
  return {
    after: { ...before, guess: { phase: "invited", peer, at: now, theirs, token: made } },
    do: [{ kind: "invite", peer, endpoint: mine, token: made }],
  };
}

function invited(
  before: Guesses,
  { peer, endpoint, token }: GuessEvent & { kind: "invited" },
  { now }: Around,
): GuessStep {
  const { guess } = before;
  const isExpected = guess?.phase === "introduced" && guess.peer === peer && guess.theirs === endpoint;
  if (!isExpected && before.pairs.has(peer))
    return idle({ ...before, invitation: { peer, endpoint, token, at: now } });
  if (!isExpected || !before.pairs.get(peer)?.candidates.includes(endpoint)) return idle(before);
  const opening = { phase: "opening", peer, at: now, to: endpoint, token } as const;
  return {
    after: begun(before, opening, endpointAddress(endpoint), now),
    do: [{ kind: "open", to: endpoint, token }],
  };
}

const opened = (before: Guesses, ports: readonly number[]): GuessStep => {
  const { guess } = before;
  if (guess?.phase !== "opening") return idle(before);
  return { after: before, do: [{ kind: "tell", peer: guess.peer, token: guess.token, ports }] };
};

function awaited(
  before: Guesses,
  { peer, token, ports }: GuessEvent & { kind: "awaited" },
  { now, below }: Around,
): GuessStep {
  const { guess } = before;
  if (guess?.phase !== "invited" || guess.peer !== peer || guess.token !== token) return idle(before);
  const address = endpointAddress(guess.theirs);
  const seen = ports.length > 0 ? ports : [endpointPort(guess.theirs)];
  const next = {
    phase: "sending",
    peer,
    at: now,
    address,
    token,
    ports: portsToGuess(seen, below),
    sent: 0,
  } as const;
  return sending(begun(before, next, address, now), next, now);
}

/** Sends what is due by now; never more than that, however late it is. */
function sending(before: Guesses, guess: Guess & { phase: "sending" }, now: number): GuessStep {
  const { packetsPerSecond, tickMs } = guessLimits;
  const atOnce = (packetsPerSecond * tickMs) / 1_000;
  const due = Math.floor(Math.max(0, now - guess.at) / tickMs + 1) * atOnce;
  const count = Math.min(2 * atOnce, due - guess.sent);
  const ports = guess.ports.slice(guess.sent, guess.sent + Math.max(0, count));
  if (ports.length === 0) return idle(before);
  const to = ports.flatMap((port): Endpoint[] => {
    const endpoint = endpointOf(guess.address, port);
    return endpoint === undefined ? [] : [endpoint];
  });
  return {
    after: { ...before, guess: { ...guess, sent: guess.sent + ports.length } },
    do: [{ kind: "send", to, token: guess.token }],
  };
}

function hit(before: Guesses, port: number, now: number): GuessStep {
  const { guess } = before;
  if (guess?.phase !== "opening") return idle(before);
  const { peer, to: endpoint } = guess;
  return {
    after: { ...before, guess: { phase: "through", peer, at: now, endpoint, port } },
    do: [{ kind: "through", peer, endpoint }],
  };
}

/** The peer moves to the path by itself: it is the one that knows that it is there. */
function answered(
  before: Guesses,
  { from, token }: GuessEvent & { kind: "answered" },
  now: number,
): GuessStep {
  const { guess } = before;
  if (guess?.phase !== "sending" || guess.token !== token) return idle(before);
  if (
    endpointAddress(from) !== guess.address ||
    !guess.ports.slice(0, guess.sent).includes(endpointPort(from))
  )
    return idle(before);
  return idle({ ...before, guess: { phase: "through", peer: guess.peer, at: now, endpoint: from } });
}
