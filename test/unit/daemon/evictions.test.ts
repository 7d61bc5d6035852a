import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { Evictions } from "../../../src/daemon/evictions.ts";
import type { Affiliate } from "../../../src/discovery/affiliate.ts";
import type { Heard } from "../../../src/discovery/heard.ts";
import { operatorKeyOf, signEviction } from "../../../src/eviction/operator-key.ts";
import type { Roll } from "../../../src/eviction/roll.ts";
import type { Messenger, Recipient } from "../../../src/members/effects/index.ts";
import type { Notice } from "../../../src/members/index.ts";
import { memberOf, membersOf } from "../members/member.ts";
import { affiliate, key } from "../mesh/values.ts";

const operator = new Secret(Buffer.alloc(32, 5));
const operators = { clusterId: "a cluster", keys: [operatorKeyOf(operator)] };
const own = { nodeId: "O".repeat(43), publicKey: key(1) };
const someone = "S".repeat(43);
const now = 1_700_000_000_000;

const statement = (number: number, more: { nodeId?: string; isLifted?: boolean } = {}): string =>
  signEviction(operator, operators.clusterId, { nodeId: someone, number, isLifted: false, ...more });

/** The evictions of a node, and what it wrote to disk. */
class Node {
  now = now;
  readonly kept: Roll[] = [];
  readonly told: { readonly to: string; readonly statement: string }[] = [];
  readonly evictions: Evictions;
  /** The public keys of the members that confirm. */
  confirm: readonly string[] = [];

  constructor(found: Roll = new Map()) {
    this.evictions = new Evictions({
      found,
      keep: (roll) => Promise.resolve(void this.kept.push(roll)),
      operators,
      own,
      log: pino({ level: "silent" }),
      clock: () => this.now,
    });
  }

  readonly messenger = {
    tell: (recipients: readonly Recipient[], notice: Notice) => {
      for (const { publicKey } of recipients)
        if (notice.kind === "eviction") this.told.push({ to: publicKey, statement: notice.statement });
      return Promise.resolve(new Set(this.confirm));
    },
  } as unknown as Messenger;
}

const numbered = (number: number, evictions: readonly string[] = []): Affiliate => ({
  ...affiliate(number),
  membership: {
    number: 1,
    startedAt: 1,
    machine: "",
    otherNetworks: [],
    ...(evictions.length > 0 && { evictions }),
  },
});
const connected = (of: Affiliate) => memberOf(of, now, { connectedAt: now });

describe("the evictions of a node", () => {
  test("come from what others announce, once each, and are kept on disk; forged ones are passed over", () => {
    const node = new Node();
    const forged = signEviction(new Secret(Buffer.alloc(32, 6)), operators.clusterId, {
      nodeId: own.nodeId,
      number: 1,
      isLifted: false,
    });
    const heard: Heard[] = [{ nodeId: "id002", sealed: numbered(2, [forged, statement(1)]) }];
    node.evictions.hear(heard);
    node.evictions.hear(heard);
    expect(node.evictions.isEvicted(someone, undefined)).toBe(true);
    expect(node.evictions.isOut).toBe(false);
    expect(node.kept.map(({ size }) => size)).toEqual([1]);
  });

  test("are there after a restart from what was kept", () => {
    const node = new Node();
    node.evictions.take(statement(1));
    expect(new Node(node.kept[0]).evictions.isEvicted(someone, undefined)).toBe(true);
  });

  test("of an operator here are refused if they are old, its own, or signed by nobody that is known", async () => {
    const { evictions } = new Node();
    await evictions.give(statement(2));
    await expect(evictions.give(statement(1, { isLifted: true }))).rejects.toThrow("later statement");
    await expect(evictions.give(statement(3, { nodeId: own.nodeId }))).rejects.toThrow("itself");
    await expect(evictions.give("AAAA")).rejects.toThrow("no operator with that key");
    await evictions.give(statement(4, { isLifted: true }));
    expect(evictions.isEvicted(someone, undefined)).toBe(false);
  });

  test("are told at once to all that are connected; who does not obey is named with the reason", async () => {
    const node = new Node();
    node.confirm = [key(2)];
    await node.evictions.give(statement(1));
    const members = membersOf(
      connected(numbered(2)),
      connected(numbered(3)),
      memberOf(numbered(4), now),
      connected(affiliate(5)),
      connected({ ...numbered(6), nodeId: someone }),
    );
    const told = await node.evictions.tellAll(statement(1), members, node.messenger);
    expect(told).toMatchObject({ label: "node-6", asked: 2, heard: 1 });
    expect(told.missed.map(({ label, reason }) => `${label}: ${reason}`)).toEqual([
      expect.stringMatching(/^node-3: it did not confirm/),
      expect.stringMatching(/^node-4: it is not connected/),
      expect.stringMatching(/^node-5: .*Talos/),
    ]);
  });

  test("are told to members that come up, until they confirm, and never sooner than after a minute again", async () => {
    const node = new Node();
    node.evictions.take(statement(1));
    const spread = async (...members: readonly ReturnType<typeof connected>[]): Promise<string[]> => {
      node.told.length = 0;
      const known = members.map((member) => ({ ...member, connectedAt: node.now }));
      await node.evictions.spread(membersOf(...known), node.messenger);
      return node.told.map(({ to }) => to);
    };
    const [two, three] = [connected(numbered(2)), connected(numbered(3))];
    expect(await spread(two)).toEqual([key(2)]);
    node.confirm = [key(2), key(3)];
    expect(await spread(two, three)).toEqual([key(3)]);
    node.now += 61_000;
    expect(await spread(two, three)).toEqual([key(2)]);
    node.now += 61_000;
    expect(await spread(two, three, connected(affiliate(5)))).toEqual([]);
  });

  test("are announced newest first, as many as others read", () => {
    const node = new Node();
    const ids = Array.from({ length: 12 }, (_, at) => `${"n".repeat(42)}${at.toString(36)}`);
    const all = ids.map((nodeId, at) => statement(at + 1, { nodeId }));
    for (const each of all) node.evictions.take(each);
    expect(node.evictions.announced(membersOf(connected(numbered(2))))).toEqual(all.toReversed().slice(0, 8));
  });
});
