import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { NextKeysHeard } from "../../../src/daemon/next-keys.ts";
import type { Affiliate } from "../../../src/discovery/affiliate.ts";
import type { Messenger, Recipient } from "../../../src/members/effects/index.ts";
import type { KeyNotice } from "../../../src/members/notice.ts";
import { memberOf, membersOf } from "../members/member.ts";
import { affiliate, key } from "../mesh/values.ts";

const now = 1_700_000_000_000;
const identity = { nodeId: "self", publicKey: key(0) };
const numbered = (number: number): Affiliate => ({
  ...affiliate(number),
  membership: { number: 7, startedAt: 1, machine: "", otherNetworks: [] },
});
const connected = (of: Affiliate) => memberOf(of, now, { connectedAt: now });
const members = membersOf(connected(numbered(2)), connected(numbered(3)));

const never = (): void => expect.fail("a pass is asked for");

const heard = () =>
  new NextKeysHeard({
    identity,
    evictions: { isEvicted: () => false },
    log: pino({ level: "silent" }),
    clock: () => now,
  });

/** A device that holds these keys; with the first of them a handshake was made if `isUsed`. */
const device = (keys: readonly string[], isUsed = false) => ({
  listenPort: 51_820,
  firewallMark: 0x20,
  peers: new Map(
    keys.map((publicKey, at) => [
      publicKey,
      {
        publicKey,
        allowedIPs: [],
        receivedBytes: 0,
        sentBytes: 0,
        keepaliveSeconds: 0,
        ...(isUsed && at === 0 && { handshakeAt: now }),
      },
    ]),
  ),
});

describe("the next key of a member", () => {
  const notice: KeyNotice = { kind: "key", nodeId: "id002", number: 7, publicKey: key(22) };

  test("is confirmed once the device holds it, and not before; a pass is asked for once", () => {
    const keys = heard();
    let wakes = 0;
    const hear = (said: KeyNotice = notice, sender = key(2)): boolean =>
      keys.heed(said, sender, members, () => wakes++);
    expect(hear()).toBe(false);
    expect(keys.awaited).toEqual([key(22)]);
    expect(keys.lookInMs(members)).toBeLessThan(100);
    expect(keys.see(device([key(2)]))).toBe(false);
    expect(hear()).toBe(false);
    expect(keys.see(device([key(2), key(22)]))).toBe(false);
    expect(hear()).toBe(true);
    expect(wakes).toBe(1);
    expect(keys.see(device([key(22)], true))).toBe(true);
    expect([keys.awaited, keys.lookInMs(members)]).toEqual([[], undefined]);
    expect(keys.applied(members, []).members.get("id002")?.sealed?.kubespan?.publicKey).toBe(key(22));
  });

  test("is heard from that member alone, and confirmed again once it is its key", () => {
    const keys = heard();
    expect(keys.heed(notice, key(3), members, never)).toBe(false);
    expect(keys.heed({ ...notice, nodeId: "id009" }, key(2), members, never)).toBe(false);
    expect(keys.heed({ ...notice, publicKey: key(3) }, key(2), members, never)).toBe(false);
    expect(keys.heed({ ...notice, publicKey: key(2) }, key(2), members, never)).toBe(true);
    expect(keys.awaited).toEqual([]);
  });
});

test("of this node is told until all confirm, five times at most, and who did not is named with the reason", async () => {
  const all = membersOf(...members.values(), memberOf(numbered(4), now), connected(affiliate(5)));
  const told: string[][] = [];
  const messenger = {
    tell: (recipients: readonly Recipient[]) => {
      told.push(recipients.map(({ publicKey }) => publicKey));
      return Promise.resolve(new Set(told.length === 2 ? [key(2)] : []));
    },
  } as unknown as Messenger;
  const result = await heard().tellAll({ publicKey: key(10), number: 7 }, all, messenger);
  expect(told).toEqual([[key(2), key(3)], [key(2), key(3)], [key(3)], [key(3)], [key(3)]]);
  expect(result).toEqual({
    asked: 2,
    heard: 1,
    missed: [
      { label: "node-3", reason: "it did not confirm" },
      { label: "node-4", reason: "it is not connected" },
      { label: "node-5", reason: "it runs Talos, or an early version" },
    ],
  });
});
