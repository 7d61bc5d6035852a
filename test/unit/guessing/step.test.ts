import { describe, expect, it } from "vitest";
import { type GuessEvent, type Guesses, noGuesses, stepGuesses } from "../../../src/guessing/index.ts";
import { endpoint, key } from "../mesh/values.ts";

const [own, peer, relay, stranger] = [key(1), key(2), key(9), key(5)];
const theirs = endpoint("203.0.113.2:4711");
const mine = endpoint("203.0.113.1:51820");
const announced = endpoint("203.0.113.2:51820");

const pair = (publicKey = peer, candidates = [announced, theirs]) => ({
  publicKey,
  nodeId: "n",
  relay,
  candidates,
  since: 0,
  sessionAt: 90_000,
});
const polled = (...pairs: ReturnType<typeof pair>[]): GuessEvent => ({
  kind: "polled",
  pairs: new Map(pairs.map((each) => [each.publicKey, each])),
  reached: new Map(),
});
const introduced: GuessEvent & { kind: "introduced" } = {
  kind: "introduced",
  by: relay,
  peer,
  theirs,
  mine,
  keepsPort: true,
};

const answer = (from: string, token = "mine"): GuessEvent => ({
  kind: "answered",
  from: endpoint(from),
  token,
});

/** What is done about these events, one second after the other. */
function doneAbout(events: readonly GuessEvent[], before: Guesses = noGuesses, from = 100_000) {
  let guesses = before;
  let now = from;
  const kinds: string[] = [];
  for (const event of events) {
    const stepped = stepGuesses(guesses, event, { own, now, below: () => 0, token: () => "mine" });
    guesses = stepped.after;
    kinds.push(...stepped.do.map(({ kind }) => kind));
    now += 1_000;
  }
  return { kinds, guesses };
}

describe("a node whose NAT keeps its port", () => {
  const awaited: GuessEvent = { kind: "awaited", peer, token: "mine", ports: [] };

  it("asks, invites the peer, and sends when the peer is ready", () => {
    expect(doneAbout([polled(pair()), introduced, awaited]).kinds).toEqual(["ask", "invite", "send"]);
  });

  it.each([
    ["another member than the relay tells of it", { ...introduced, by: stranger }],
    ["the peer is not relayed", { ...introduced, peer: stranger }],
    ["the peer does not announce the address", { ...introduced, theirs: endpoint("198.51.100.7:4711") }],
    ["it is seen over IPv6", { ...introduced, theirs: endpoint("[2001:db8::2]:4711") }],
  ])("sends nothing if %s", (_, event) => {
    expect(doneAbout([polled(pair()), event, awaited]).kinds).toEqual(["ask"]);
  });

  it("sends nothing to a peer that it did not invite, or with another token", () => {
    expect(doneAbout([polled(pair()), awaited]).kinds).toEqual(["ask"]);
    expect(doneAbout([polled(pair()), introduced, { ...awaited, token: "other" }]).kinds).toEqual([
      "ask",
      "invite",
    ]);
    expect(doneAbout([polled(pair()), introduced, { ...awaited, peer: stranger }]).kinds).toEqual([
      "ask",
      "invite",
    ]);
  });

  it("believes an answer only from a port to which it has sent, with the token", () => {
    const { guesses } = doneAbout([polled(pair()), introduced, awaited]);
    const sent = guesses.guess?.phase === "sending" ? guesses.guess.ports[0] : undefined;
    const phaseAfter = (event: GuessEvent) => doneAbout([event], guesses, 103_000).guesses.guess?.phase;
    expect(phaseAfter(answer(`203.0.113.2:${sent}`, "other"))).toBe("sending");
    expect(phaseAfter(answer(`203.0.113.3:${sent}`))).toBe("sending");
    expect(phaseAfter(answer("203.0.113.2:1"))).toBe("sending");
    expect(phaseAfter(answer(`203.0.113.2:${sent}`))).toBe("through");
  });
});

describe("a node whose NAT has another port for each destination", () => {
  const known: GuessEvent = { ...introduced, theirs: announced, keepsPort: false };
  const invited: GuessEvent & { kind: "invited" } = {
    kind: "invited",
    peer,
    endpoint: announced,
    token: "theirs",
  };

  it("opens mappings when it is invited, and says so", () => {
    const opened: GuessEvent = { kind: "opened", ports: [1_025] };
    expect(doneAbout([polled(pair()), known, invited, opened]).kinds).toEqual(["ask", "open", "tell"]);
  });

  it("does so, too, if the invitation comes before the introduction", () => {
    expect(doneAbout([polled(pair()), invited, known]).kinds).toEqual(["ask", "open"]);
    expect(doneAbout([polled(pair()), { ...invited, endpoint: theirs }, known]).kinds).toEqual(["ask"]);
  });

  it.each([
    ["the relay did not say that the peer is there", { ...invited, endpoint: theirs }],
    ["another member invites", { ...invited, peer: stranger }],
  ])("opens none if %s", (_, event) => {
    expect(doneAbout([polled(pair()), known, event]).kinds).toEqual(["ask"]);
  });

  it("opens none for an endpoint that the peer does not announce", () => {
    const elsewhere = endpoint("203.0.113.2:9");
    const events = [
      polled(pair()),
      { ...introduced, theirs: elsewhere, keepsPort: false },
      { ...invited, endpoint: elsewhere },
    ];
    expect(doneAbout(events).kinds).toEqual(["ask"]);
  });
});

it("another peer at an address where a guess failed has to wait for an hour", () => {
  const other = pair(key(3));
  const guess: GuessEvent[] = [introduced, { kind: "awaited", peer, token: "mine", ports: [] }];
  const tried = doneAbout([polled(pair()), ...guess]).guesses;
  const again = (at: number) => {
    const about: GuessEvent = { ...introduced, peer: key(3) };
    const later = { ...other, sessionAt: at - 10_000 };
    return doneAbout([polled(later), about], tried, at).kinds.filter((kind) => kind !== "said");
  };
  expect(again(200_000)).toEqual(["ask"]);
  expect(again(101_000 + 3_602_000)).toEqual(["ask", "invite"]);
});

it("four peers are guessed at once out of a full budget, and one more in five minutes", () => {
  let guesses = noGuesses;
  let sent = 0;
  let now = 100_000;
  for (let number = 10; number < 50; number++) {
    const candidate = endpoint(`198.51.100.${number}:51820`);
    const each = { ...pair(key(number), [candidate]), sessionAt: now - 10_000 };
    const about: GuessEvent = { ...introduced, peer: key(number), theirs: candidate };
    const awaited: GuessEvent = { kind: "awaited", peer: key(number), token: "mine", ports: [] };
    const done = doneAbout([polled(each), about, awaited], guesses, now);
    guesses = done.guesses;
    sent += done.kinds.filter((kind) => kind === "send").length;
    now += 10_000;
  }
  expect(sent).toBe(5);
});

it("a peer that is reached directly is left alone", () => {
  expect(doneAbout([polled(), introduced, polled()]).kinds).toEqual([]);
});
