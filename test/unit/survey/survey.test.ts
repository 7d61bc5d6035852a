import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { PeerReport } from "../../../src/api/index.ts";
import { privateKeyFrom, publicKeyOf } from "../../../src/identity/key.ts";
import { recipientOf } from "../../../src/members/index.ts";
import { Survey } from "../../../src/survey/effects/index.ts";
import { echoRequest, messageBytes, readEcho, readMessage } from "../../../src/survey/index.ts";
import { peer } from "../cli/status-values.ts";
import { address } from "../mesh/values.ts";

function newKeys() {
  const privateKey = privateKeyFrom(randomBytes(32));
  return { privateKey, publicKey: publicKeyOf(privateKey) };
}
const [askerKeys, answererKeys, strangerKeys] = [newKeys(), newKeys(), newKeys()];
const [askerAt, answererAt, strangerAt] = ["fd00::1", "fd00::2", "fd00::3"].map(address) as [
  ReturnType<typeof address>,
  ReturnType<typeof address>,
  ReturnType<typeof address>,
];
const members = new Map([
  [askerAt, askerKeys.publicKey],
  [answererAt, answererKeys.publicKey],
]);

/** The peers of the member that answers: the one that asks, and one that is down. */
const asker = peer(7, { address: askerAt, publicKey: askerKeys.publicKey });
const answererPeers: readonly PeerReport[] = [asker, peer(8, { state: "down" })];

/** Two members on a link that loses what a test wants. */
function joined(passes: (bytes: Uint8Array) => boolean = () => true, peers = answererPeers) {
  const sent: { readonly bytes: Uint8Array; readonly to: string }[] = [];
  const surveys = new Map<string, Survey>();
  for (const [own, keys] of [
    [askerAt, askerKeys],
    [answererAt, answererKeys],
  ] as const)
    surveys.set(
      own,
      new Survey({
        keys,
        keyAt: (at) => members.get(at),
        post: (bytes, to) => {
          sent.push({ bytes, to });
          if (passes(bytes)) setTimeout(() => surveys.get(to)?.receive(bytes, own), 5);
        },
        present: () => ({ peers, linkMtu: 1420, podAddresses: [address("10.244.2.1")] }),
      }),
    );
  const at = (own: string): Survey => surveys.get(own) ?? expect.fail();
  return { asker: at(askerAt), answerer: at(answererAt), sent };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function soonIn<Value>(ms: number, promise: Promise<Value>): Promise<Value> {
  await vi.advanceTimersByTimeAsync(ms);
  return promise;
}

/** Lets enough time pass for an answer. */
const soon = <Value>(promise: Promise<Value>): Promise<Value> => soonIn(20_000, promise);

const isEcho = (bytes: Uint8Array): boolean => readEcho(bytes) !== undefined;
const isAnswer = (bytes: Uint8Array): boolean => {
  const message = readMessage(bytes)?.message;
  return message !== undefined && "answer" in message;
};

describe("a question", () => {
  test("is answered by a member, with what it measures then", async () => {
    const row = await soon(joined().asker.ask(answererAt, { kind: "row", from: 0 }));
    expect(row).toMatchObject({ total: 2, linkMtu: 1420 });
    const found = row?.cells.find(({ way }) => way === "direct");
    expect(found).toMatchObject({ to: recipientOf(asker.publicKey), lossPercent: 0, mtu: 1420 });
    expect(found?.roundTripMs).toBeGreaterThanOrEqual(0);
    expect(row?.cells.find(({ way }) => way === "none")).toEqual({
      to: recipientOf(answererPeers[1]?.publicKey ?? ""),
      way: "none",
    });
  });

  test("is answered page by page, and each peer is on one of them", async () => {
    const many = Array.from({ length: 30 }, (_, number) => peer(number + 1, { state: "down" }));
    const { asker: asking } = joined(undefined, many);
    const all: string[] = [];
    for (const from of [0, 10, 20]) {
      const page = await soon(asking.ask(answererAt, { kind: "row", from }));
      all.push(...(page?.cells.map(({ to }) => to) ?? []));
    }
    expect(new Set(all).size).toBe(30);
  });

  test("for pods is answered with addresses", async () => {
    const answer = await soon(joined().asker.ask(answererAt, { kind: "pods" }));
    expect(answer?.addresses).toEqual(["10.244.2.1"]);
  });

  test("whose answer gets lost is asked again", async () => {
    let lost = 0;
    const { asker: asking } = joined((bytes) => !isAnswer(bytes) || ++lost > 1);
    expect(await soon(asking.ask(answererAt, { kind: "pods" }))).toBeDefined();
    expect(lost).toBe(2);
  });

  test("that nobody answers ends, also where echoes are answered", async () => {
    const { asker: asking } = joined(isEcho);
    expect(await soon(asking.ask(answererAt, { kind: "pods" }))).toBeUndefined();
    expect(await soon(asking.ask(strangerAt, { kind: "pods" }))).toBeUndefined();
  });
});

describe("a path", () => {
  test("that lets only smaller packets pass has their size as its MTU", async () => {
    const { answerer } = joined((bytes) => bytes.length + 48 <= 1360);
    const cell = await soon(answerer.cellTo(asker, 1420));
    expect(cell).toMatchObject({ lossPercent: 0, mtu: 1340 });
  });

  test("that lets nothing pass has no round trip and no MTU", async () => {
    const { answerer } = joined((bytes) => !isEcho(bytes));
    const cell = await soon(answerer.cellTo(asker, 1420));
    expect(cell).toEqual({ to: recipientOf(asker.publicKey), way: "direct", lossPercent: 100 });
  });

  test("that loses some packets is said to", async () => {
    let number = 0;
    const { answerer } = joined((bytes) => bytes.length > 100 || ++number !== 2);
    expect(await soon(answerer.cellTo(asker, 1420))).toMatchObject({ lossPercent: 20, mtu: 1420 });
  });

  test("is measured once for all who ask within a few seconds", async () => {
    const { answerer, sent } = joined();
    await soon(Promise.all([answerer.cellTo(asker, 1420), answerer.cellTo(asker, 1420)]));
    expect(sent.filter(({ to }) => to === askerAt)).toHaveLength(7);
  });

  test("is measured anew for who wants to know how it is now, and that serves the next who ask", async () => {
    let isBroken = false;
    const { answerer, sent } = joined((bytes) => !(isBroken && isEcho(bytes)));
    const before = await soonIn(1_000, answerer.cellTo(asker, 1420));
    isBroken = true;
    const now = await soonIn(2_500, answerer.cellNow(asker, 1420));
    const echoes = sent.length;
    const after = await soonIn(100, answerer.cellTo(asker, 1420));
    expect([before, now, after].map(({ lossPercent }) => lossPercent)).toEqual([0, 100, 100]);
    expect(sent.length).toBe(echoes);
  });
});

describe("somebody who is no member", () => {
  test("gets no echo and no answer", async () => {
    const { answerer, sent } = joined();
    answerer.receive(echoRequest(randomBytes(16)), strangerAt);
    const sides = { ...strangerKeys, peer: answererKeys.publicKey };
    const question = messageBytes({ question: { kind: "pods", number: 1 } }, sides) ?? expect.fail();
    answerer.receive(question, strangerAt);
    answerer.receive(question, askerAt); // in a member's name
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sent).toEqual([]);
  });

  test("cannot answer in a member's place", async () => {
    const { asker: asking, sent } = joined(() => false);
    const answer = asking.ask(answererAt, { kind: "pods" });
    const message = readMessage(sent[0]?.bytes ?? new Uint8Array())?.message;
    const number = message && "question" in message ? message.question.number : expect.fail();
    const forged = messageBytes(
      { answer: { kind: "pods", number, addresses: [] } },
      { ...strangerKeys, peer: askerKeys.publicKey },
    );
    for (const from of [strangerAt, answererAt]) asking.receive(forged ?? expect.fail(), from);
    expect(await soon(answer)).toBeUndefined();
  });
});

test("a member that asks without end is answered now and then, and gets no more echoes than are allowed", async () => {
  vi.setSystemTime(0);
  const { answerer, sent } = joined(() => false);
  for (let number = 0; number < 1_000; number++) {
    answerer.receive(echoRequest(randomBytes(16), 1_420), askerAt);
    const question = { question: { kind: "row", number, from: 0 } } as const;
    if (number < 100)
      answerer.receive(
        messageBytes(question, { ...askerKeys, peer: answererKeys.publicKey }) ?? expect.fail(),
        askerAt,
      );
  }
  await vi.advanceTimersByTimeAsync(10_000);
  const replies = sent.filter(({ bytes }) => readEcho(bytes)?.kind === "reply");
  expect(replies.length).toBeGreaterThan(0);
  expect(replies.length).toBeLessThanOrEqual(800); // two seconds, if it began late in one
  expect(sent.filter(({ bytes }) => isAnswer(bytes)).length).toBeLessThanOrEqual(2);
});
