import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { KubespanError } from "../../../src/base/error.ts";
import { decodeAffiliate, decodeEndpoint } from "../../../src/discovery/decode.ts";
import { encodeAffiliate } from "../../../src/discovery/encode.ts";
import { openEnvelope } from "../../../src/discovery/envelope.ts";
import { parseSnapshot } from "../../../src/discovery-server/snapshot.ts";
import { readAnswer } from "../../../src/handshake/noise.ts";
import { storedIdentity } from "../../../src/identity/effects/load.ts";
import { LedgerFile } from "../../../src/members/effects/ledger-file.ts";
import { LastWorkingFile } from "../../../src/peers/effects/last-working-file.ts";
import { readSavedSysctls } from "../../../src/routing/effects/saved-sysctls.ts";
import { mappedEndpoint } from "../../../src/stun/message.ts";
import { key, sample } from "../discovery/samples.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** Bytes of anybody; and good ones with some changed, cut or repeated, which get further. */
const spoiled = (good: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc
      .tuple(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }), fc.nat(good.length), fc.boolean())
      .map(([changes, length, twice]) => {
        const bytes = Uint8Array.from(good);
        for (const [at, value] of changes) bytes[at % Math.max(1, bytes.length)] = value;
        const cut = bytes.subarray(0, length);
        return twice ? Uint8Array.from([...cut, ...cut]) : cut;
      }),
  );

const attribute = (type: number, length: number, ...value: number[]): number[] => [
  type >> 8,
  type & 255,
  length >> 8,
  length & 255,
  ...value,
];

describe("bytes from the network are read or refused, and nothing else", () => {
  test("affiliates, endpoints and envelopes", () => {
    fc.assert(
      fc.property(spoiled(encodeAffiliate(sample)), (bytes) => {
        const decoded = decodeAffiliate(bytes, []);
        expect("refused" in decoded || "affiliate" in decoded).toBe(true);
        decodeEndpoint(bytes);
        expect(openEnvelope(key, { id: "id", data: bytes, endpoints: [bytes, bytes] })).toHaveProperty(
          "refused",
        );
      }),
      { numRuns: 2000 },
    );
  });

  test("messages of WireGuard, also of every length", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void readAnswer(bytes)),
      { numRuns: 2000 },
    );
    for (let length = 0; length < 200; length++)
      for (const kind of [1, 2, 3, 4]) readAnswer(new Uint8Array(length).fill(kind, 0, 1));
  });

  test("answers of a STUN server, with attributes of no length and of one that lies", () => {
    for (const length of [0, 1, 4, 7, 8, 9, 20, 255, 65_535])
      for (const type of [0x0001, 0x0020, 0x8028, 0x8022])
        for (const size of [0, 4, 8, 12, 65_535]) {
          const body = attribute(type, length, 0, 1, 2, 3, 4, 5, 6, 7);
          mappedEndpoint(
            Uint8Array.from([
              1,
              1,
              size >> 8,
              size & 255,
              0x21,
              0x12,
              0xa4,
              0x42,
              ...new Uint8Array(12).fill(7),
              ...body,
            ]),
            new Uint8Array(12).fill(7),
          );
        }
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        (bytes) => void mappedEndpoint(bytes, bytes.subarray(8, 20)),
      ),
      { numRuns: 2000 },
    );
  });
});

describe("whatever stands in a file of the state folder, it is read, refused with a reason, or left aside", () => {
  const good = [
    '{"version":1,"nodeId":"x","privateKey":"y"}',
    '{"version":1,"sysctls":[["net/ipv4/ip_forward","0","1"]]}',
    '{"version":1,"endpoints":{"a":"192.0.2.1:1"}}',
    "[".repeat(5000),
    '{"__proto__":{"x":1},"version":1}',
    '{"version":1e999}',
  ];

  test.each(good)("%.40s and what becomes of it", async (text) => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "state"));
    const log = pino({ level: "silent" });
    const cluster = { id: "cluster", secret: key };
    const options = { stateDirectory: join(folder, "state"), cluster, nodeId: "id", log, clock: () => 0 };
    const samples = fc.sample(spoiled(new TextEncoder().encode(text)), { numRuns: 40, seed: 7 });
    for (const bytes of [new TextEncoder().encode(text), ...samples]) {
      for (const name of [
        "identity.json",
        "sysctls.json",
        "endpoints.json",
        "members.json",
        "affiliates.json",
        "machine.json",
        "stand-in.json",
        "announced.json",
      ])
        await writeFile(join(folder, "state", name), bytes);
      for (const read of [storedIdentity, readSavedSysctls]) {
        const outcome = await read(join(folder, "state")).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(KubespanError);
      }
      const { found } = await LastWorkingFile.open(join(folder, "state"), log, () => 0);
      expect([found.lastWorking, found.reached]).toEqual([expect.any(Map), expect.any(Map)]);
      expect((await LedgerFile.open(options)).found).toBeUndefined();
      expect(parseSnapshot(Buffer.from(bytes).toString("utf8"), 0)).toHaveProperty("refused");
    }
    expect(Object.hasOwn(Object.prototype, "x")).toBe(false);
  });
});
