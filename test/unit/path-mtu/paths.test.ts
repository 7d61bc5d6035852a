import { describe, expect, test } from "vitest";
import { advance, foundIn, type PathPeer, type Paths } from "../../../src/path-mtu/index.ts";
import { address, endpoint, key } from "../mesh/values.ts";

const peer = (number: number, more: Partial<PathPeer> = {}): PathPeer => ({
  publicKey: key(number),
  address: address(`fd00::${number}`),
  endpoint: endpoint(`198.51.100.${number}:51820`),
  upSince: 1,
  phase: "up",
  ...more,
});

/** Some peers over a time, in which datagrams of up to that size come back at once. */
class Story {
  now = 0;
  paths: Paths = new Map();
  sent = 0;
  heard = new Map<string, number[]>();
  known = new Map<ReturnType<typeof address>, number>();
  wakeInMs: number | undefined;

  /** Lets a time pass. Whoever is not among the peers is gone. */
  pass(ms: number, peers: readonly PathPeer[], passing: number, linkMtu = 1420): this {
    const end = this.now + ms;
    for (; this.now < end; this.now += 100) {
      const advanced = advance(
        this.paths,
        { peers, linkMtu, heard: this.heard, known: this.known },
        this.now,
      );
      this.paths = advanced.paths;
      this.wakeInMs = advanced.wakeInMs;
      this.heard = new Map(
        advanced.send.map(({ publicKey, sizes }) => [publicKey, sizes.filter((size) => size <= passing)]),
      );
      this.sent += advanced.send.flatMap(({ sizes }) => sizes).length;
    }
    return this;
  }

  get mtus(): readonly (number | undefined)[] {
    return [...foundIn(this.paths).values()].map(({ mtu }) => mtu);
  }
}
const nothing = -1;

describe("a path is measured", () => {
  test("once when its peer comes up, and then nothing is due", () => {
    const story = new Story().pass(700_000, [peer(1)], 1420);
    expect([story.sent, story.mtus, story.wakeInMs]).toEqual([1, [1420], undefined]);
  });

  test("for a thousand peers with a datagram each, some at a time", () => {
    const all = Array.from({ length: 1_000 }, (_, at) => peer(1, { publicKey: String(at) }));
    const story = new Story().pass(100, all, 1420);
    expect(story.sent).toBe(16);
    story.pass(60_000, all, 1420);
    expect([story.sent, story.mtus.length]).toEqual([1_000, 1_000]);
  });

  test("again when its peer takes another way, came up again, or had no answer", () => {
    const story = new Story().pass(30_000, [peer(1)], 1328);
    expect(story.mtus).toEqual([1328]);
    const elsewhere = peer(1, { endpoint: endpoint("203.0.113.7:4000") });
    expect(story.pass(10_000, [elsewhere], 1420).mtus).toEqual([1420]);
    expect(story.pass(20_000, [{ ...elsewhere, phase: "doubted" }], 1200).mtus).toEqual([1420]);
    expect(story.pass(20_000, [elsewhere], 1216).mtus).toEqual([1216]);
    expect(story.pass(20_000, [{ ...elsewhere, upSince: 5 }], 1420).mtus).toEqual([1420]);
    expect(story.pass(20_000, [{ ...elsewhere, upSince: 5 }], 1420, 1380).mtus).toEqual([1380]);
  });

  test("again after ten minutes where it is smaller", () => {
    const story = new Story().pass(30_000, [peer(1)], 1328);
    expect(story.pass(300_000, [peer(1)], 1420).mtus).toEqual([1328]);
    expect(story.pass(400_000, [peer(1)], 1420).mtus).toEqual([1420]);
  });

  test("not more often than once in five seconds, however its peer moves", () => {
    const story = new Story();
    for (let at = 0; at < 100; at++)
      story.pass(100, [peer(1, { endpoint: endpoint(`203.0.113.7:${4000 + at}`) })], 1420);
    expect(story.sent).toBe(2);
  });

  test("while its peer is left alone, and not before", () => {
    expect(new Story().pass(10_000, [peer(1, { phase: "other" })], 1420).sent).toBe(0);
  });
});

describe("a peer that does not answer", () => {
  test("is asked with growing pauses, and no more if it never answered", () => {
    const story = new Story().pass(2_000_000, [peer(1)], nothing);
    expect([story.mtus, story.sent, story.wakeInMs]).toEqual([[], 5 + 6 * 2, undefined]);
  });

  test("is measured when it does: its daemon was starting", () => {
    const story = new Story().pass(8_000, [peer(1)], nothing);
    expect(story.pass(30_000, [peer(1)], 1328).mtus).toEqual([1328]);
  });

  test("keeps what was found before", () => {
    const story = new Story().pass(30_000, [peer(1)], 1328);
    const elsewhere = peer(1, { endpoint: endpoint("203.0.113.7:4000") });
    expect(story.pass(60_000, [elsewhere], nothing).mtus).toEqual([1328]);
    expect(story.pass(700_000, [elsewhere], 1420).mtus).toEqual([1420]);
  });
});

test("what is known of the way to an endpoint bounds what is whole, unless it is absurd", () => {
  const story = new Story();
  story.known.set(address("198.51.100.1"), 1400);
  story.known.set(address("198.51.100.2"), 576);
  story.known.set(address("2001:db8::3"), 1280);
  const peers = [peer(1), peer(2), peer(3, { endpoint: endpoint("[2001:db8::3]:51820") }), peer(4)];
  expect(story.pass(1_000, peers, 1420).mtus).toEqual([1328, 1420, 1200, 1420]);
  const other = new Story();
  other.known = story.known;
  expect(other.pass(30_000, [peer(1)], 1408).mtus).toEqual([1328]);
  expect(foundIn(story.paths).get(key(1))?.why).toContain("cut into fragments");
});

test("a clock that is set back stops no search", () => {
  const story = new Story();
  story.now = 10_000_000;
  story.pass(500, [peer(1)], 1328);
  story.now = 0;
  expect(story.pass(30_000, [peer(1)], 1328).mtus).toEqual([1328]);
  story.now = -10_000_000;
  expect(story.pass(30_000, [peer(1)], 1420).mtus).toEqual([1420]);
});

test("a peer that is gone is forgotten", () => {
  const story = new Story().pass(30_000, [peer(1), peer(2)], 1328);
  expect(story.pass(1_000, [peer(2)], 1328).mtus).toEqual([1328]);
});
