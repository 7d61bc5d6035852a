import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { programFor, programsFor, programText } from "../../../src/barrier/program.ts";
import { type Address, addressToBytes, parseAddress, prefixContains, unite } from "../../../src/net/index.ts";
import { anyPrefix } from "../net/arbitraries.ts";

const guard = {
  marks: { fromWireGuard: 0x20, toWireGuard: 0x40 },
  listenPort: 51820,
  hardwareAddress: "32:06:be:1c:a9:09",
};

interface Packet {
  readonly to: Address;
  readonly mark?: number;
  readonly protocol?: number;
  readonly port?: number;
  readonly type?: number;
  readonly sender?: string;
  readonly fragmentOffset?: number;
}

const address = (text: string): Address => parseAddress(text) ?? expect.fail(text);

function networkBytes({ to, protocol = 6, port = 1, type, fragmentOffset = 0 }: Packet): number[] {
  const destination = [...addressToBytes(to)];
  const upper = type === undefined ? [port >> 8, port & 255, 0, 53] : [type, 0, 0, 0];
  if (destination.length === 4)
    return [0x46, ...Array<number>(5).fill(0), fragmentOffset >> 8, fragmentOffset & 255, 64, protocol]
      .concat(Array<number>(6).fill(0), destination, Array<number>(4).fill(1), upper)
      .slice(0);
  const head = (next: number): number[] => [
    0x60,
    0,
    0,
    0,
    0,
    8,
    next,
    64,
    ...Array<number>(16).fill(1),
    ...destination,
  ];
  if (fragmentOffset === 0) return [...head(protocol), ...upper];
  return [
    ...head(44),
    protocol,
    0,
    (fragmentOffset >> 5) & 255,
    (fragmentOffset << 3) & 255,
    0,
    0,
    0,
    1,
    ...upper,
  ];
}

/** What the kernel does with classic programs: 2 is drop, -1 goes on. */
function verdict(text: string, packet: Packet): number {
  const code = text
    .split(",")
    .slice(1)
    .map((line) => line.split(" ").map(Number));
  const bytes = networkBytes(packet);
  const frame = (packet.sender ?? guard.hardwareAddress).split(":").map((each) => Number.parseInt(each, 16));
  const read = (k: number, size: number): number => {
    if (k === 0xfffff014) return packet.mark ?? 0;
    if (k === 0xfffff000) return packet.to.includes(":") ? 0x86dd : 0x0800;
    const [source, at] =
      k >= 0xfff00000 ? [bytes, k - 0xfff00000] : [[...Array<number>(6).fill(0), ...frame], k - 0xffe00000];
    return source.slice(at, at + size).reduce((value, byte) => value * 256 + byte, 0);
  };
  let [a, x, memory, at] = [0, 0, 0, 0];
  for (;;) {
    const [op = 0, jt = 0, jf = 0, k = 0] = code[at++] ?? expect.fail("ran off the end");
    const meets = (isMet: boolean): number => (at += isMet ? jt : jf);
    if (op === 0x20) a = read(k, 4);
    else if (op === 0x28) a = read(k, 2);
    else if (op === 0x30) a = read(k, 1);
    else if (op === 0x48) a = read(k + x, 2);
    else if (op === 0x54) a = (a & k) >>> 0;
    else if (op === 0x64) a <<= k;
    else if (op === 0x02) memory = a;
    else if (op === 0x60) a = memory;
    else if (op === 0x07) x = a;
    else if (op === 0x05) at += k;
    else if (op === 0x15) meets(a === k);
    else if (op === 0x35) meets(a >= k);
    else if (op === 0x45) meets((a & k) !== 0);
    else if (op === 0x06) return k | 0;
    else expect.fail(`what is ${op}?`);
  }
}

const stops = (programs: readonly string[], packet: Packet): boolean =>
  programs.some((text) => verdict(text, packet) === 2);

test("stops what goes to one of the networks, and nothing else", () => {
  const targets = fc.array(anyPrefix, { minLength: 1, maxLength: 40 }).map((prefixes) => unite(prefixes));
  const near = targets.chain((prefixes) =>
    fc.tuple(
      fc.constant(prefixes),
      fc.oneof(
        fc.ipV4().map(address),
        fc.ipV6().map(address),
        fc.constantFrom(...prefixes).map((prefix) => address(prefix.slice(0, prefix.indexOf("/")))),
      ),
    ),
  );
  fc.assert(
    fc.property(near, ([prefixes, to]) => {
      const isTarget = prefixes.some((prefix) => prefixContains(prefix, to));
      expect(stops(programsFor(prefixes, guard), { to })).toBe(isTarget);
    }),
    { numRuns: 500 },
  );
});

test("thousands of networks are spread over programs that the kernel takes", () => {
  const many = unite(Array.from({ length: 3000 }, (_, at) => `10.${at >> 8}.${at & 255}.8/32` as never));
  const programs = programsFor(many, guard);
  expect(programs.length).toBeGreaterThan(1);
  for (const program of programs) expect(program.split(",").length - 1).toBeLessThanOrEqual(2048);
  for (const [to, expected] of [
    ["10.0.0.8", true],
    ["10.11.183.8", true],
    ["10.5.5.8", true],
    ["10.5.5.9", false],
    ["10.11.184.8", false],
  ] as const)
    expect([to, stops(programs, { to: address(to) })]).toEqual([to, expected]);
});

describe.each(["10.1.2.3", "fd00:1::7"])("to %s", (target) => {
  const to = address(target);
  const program = [programText(programFor(unite(["10.1.0.0/16", "fd00:1::/64"] as never), guard))];

  test.each<[string, Partial<Packet>, boolean]>([
    ["without a mark", {}, true],
    ["with our mark", { mark: 0x40 }, true],
    ["what the table let go", { mark: 0x60 }, false],
    ["what the table let go, with other marks", { mark: 0xff60 }, false],
    ["WireGuard's own", { mark: 0x20, protocol: 17, port: 51820 }, false],
    ["its port without its mark", { protocol: 17, port: 51820 }, true],
    ["its mark without its port", { mark: 0x20, protocol: 17, port: 53 }, true],
    ["its mark and port in TCP", { mark: 0x20, protocol: 6, port: 51820 }, true],
    ["a later fragment of it", { mark: 0x20, protocol: 17, port: 7, fragmentOffset: 185 }, false],
    ["a later fragment of somebody's", { protocol: 17, port: 7, fragmentOffset: 185 }, true],
    ["of another sender behind the link", { sender: "32:06:be:1c:a9:0a" }, false],
    ["of yet another sender", { sender: "32:06:be:1d:a9:09" }, false],
  ])("%s", (_name, packet, expected) => {
    expect(stops(program, { to, ...packet })).toBe(expected);
  });

  test("neighbour discovery, of IPv6 only", () => {
    const found = [133, 135, 136, 128].map((type) => stops(program, { to, protocol: 58, type }));
    expect(found).toEqual(target.includes(":") ? [true, false, false, true] : [true, true, true, true]);
  });
});
