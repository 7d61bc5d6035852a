import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Membership } from "../../../src/discovery/affiliate.ts";
import { encodeAffiliate } from "../../../src/discovery/encode.ts";
import type { Envelope } from "../../../src/discovery/envelope.ts";
import { OwnRecord } from "../../../src/discovery/own-record.ts";
import { sealData } from "../../../src/discovery/seal.ts";
import { affiliateNamed, idOf, key } from "./samples.ts";

const machine = (byte: number): string => Buffer.alloc(16, byte).toString("base64");
const origin = { machine: machine(1), startedAt: 1_000 };

const sealed = (membership: Partial<Membership> = {}): Buffer =>
  sealData(
    key,
    randomBytes(12),
    encodeAffiliate({
      ...affiliateNamed("self"),
      membership: { number: 1, ...origin, otherNetworks: [], ...membership },
    }),
  );
const envelope = (data: Uint8Array): Envelope => ({ id: idOf("self"), data, endpoints: [] });

function published(): { readonly record: OwnRecord; readonly data: Buffer } {
  const record = new OwnRecord({ key, origin });
  const data = sealed();
  record.published(data);
  return { record, data };
}

const sightings = (record: OwnRecord, startedAt: number): (number | undefined)[] =>
  [1, 2, 3].map((index) =>
    record.told(envelope(sealed({ machine: machine(2), startedAt, number: index })), index * 10_000),
  );

describe("what a service has of this node", () => {
  test("is as it should be: nothing is said or done, nor where others only add endpoints", () => {
    const { record, data } = published();
    expect(record.told(envelope(data), 0)).toBeUndefined();
    expect(record.told(envelope(new Uint8Array()), 0)).toBeUndefined();
    expect(record.disowned).toBeUndefined();
  });

  test("was deleted: it is published again at once, but no more often than every two seconds", () => {
    const { record } = published();
    expect(record.told(undefined, 10_000)).toBe(0);
    expect(record.told(undefined, 10_100)).toBe(1_900);
    expect(record.told(undefined, 20_000)).toBe(0);
    expect(record.disowned).toMatchObject({ times: 3, what: expect.stringMatching(/deleted/) as string });
  });

  test("was replaced by what cannot be read, or by what somebody else wrote: it is published again, higher", () => {
    const { record } = published();
    expect(record.told(envelope(randomBytes(80)), 0)).toBe(0);
    expect(record.disowned?.what).toMatch(/does not open/);
    expect(record.told(envelope(sealed({ number: 77 })), 10_000)).toBe(0);
    expect(record.number).toBe(77);
  });

  test("is what this node published just before: it is published again, and nobody is blamed", () => {
    const { record, data } = published();
    record.published(sealed({ number: 2 }));
    expect(record.told(envelope(data), 0)).toBe(0);
    expect(record.disowned).toBeUndefined();
  });
});

describe("another machine with this node's identity", () => {
  test("that was there first silences this one, once it is clear that it goes on", () => {
    const { record } = published();
    expect(sightings(record, 500)).toEqual([0, 0, undefined]);
    expect(record.disowned).toMatchObject({
      isSilenced: true,
      what: expect.stringMatching(/copy/) as string,
    });
  });

  test("that came later does not, and is said", () => {
    const { record } = published();
    expect(sightings(record, 1_500)).toEqual([0, 0, 0]);
    expect(record.disowned).toMatchObject({ isSilenced: false, times: 3 });
  });

  test("that started in the same moment: exactly one of the two is silent", () => {
    const silent = [1, 3].map((own) => {
      const record = new OwnRecord({ key, origin: { machine: machine(own), startedAt: 1_000 } });
      record.published(sealed());
      const other = own === 1 ? 3 : 1;
      for (const index of [1, 2, 3])
        record.told(envelope(sealed({ machine: machine(other), number: index })), index * 10_000);
      return record.disowned?.isSilenced;
    });
    expect(silent.filter((isSilenced) => isSilenced)).toHaveLength(1);
  });
});
