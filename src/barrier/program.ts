import { onceFor } from "../base/index.ts";
import {
  type Family,
  type Marks,
  maskOf,
  type Prefix,
  parseHardwareAddress,
  prefixFamily,
  rangeOf,
  widthOf,
} from "../net/index.ts";

/** One instruction of the kernel's classic packet filter: operation, jump if true, jump if false, operand. */
type Instruction = readonly [code: number, jt: number, jf: number, k: number];
type Code = readonly Instruction[];

const op = { word: 0x20, half: 0x28, byte: 0x30, halfAtX: 0x48, and: 0x54, shift: 0x64, jump: 0x05 } as const;
const more = {
  equal: 0x15,
  atLeast: 0x35,
  anyBit: 0x45,
  result: 0x06,
  store: 0x02,
  recall: 0x60,
  toX: 0x07,
} as const;

/**
 * The offsets from which the kernel lets a filter read: the network header, the link-layer header, and the kernel's own
 * data about the packet.
 */
const network = 0xfff00000;
const linkLayer = 0xffe00000;
const protocolOf = 0xfffff000;
const markOf = 0xfffff014;

/** The verdicts of tc: drop the packet, or go on with the next filter. */
const drop: Code = [[more.result, 0, 0, 2]];
const pass: Code = [[more.result, 0, 0, 0xffffffff]];

const load = (code: number, k: number): Instruction => [code, 0, 0, k >>> 0];
const jump = (over: Code): Instruction => [op.jump, 0, 0, over.length];
const longestJump = 255;

/** Runs `then`, which ends in verdicts, for packets that meet the condition. All other packets skip it. */
const when = (code: number, k: number, then: Code): Code =>
  then.length <= longestJump ? [[code, 0, then.length, k], ...then] : [[code, 1, 0, k], jump(then), ...then];

const unless = (code: number, k: number, then: Code): Code =>
  then.length <= longestJump ? [[code, then.length, 0, k], ...then] : [[code, 0, 1, k], jump(then), ...then];

export interface Guard {
  readonly marks: Marks;
  /** The UDP port of WireGuard. */
  readonly listenPort: number;
  /** The hardware address of the link, if it has one. A frame from another sender is only passed on by this node. */
  readonly hardwareAddress: string | undefined;
}

/**
 * Drops packets to one of the networks. Exceptions are WireGuard's own packets, neighbour discovery, and packets that
 * bear both marks, by which the table says that it let them pass on purpose.
 */
export function programFor(targets: readonly Prefix[], guard: Guard): Code {
  const both = maskOf(guard.marks);
  const packets = ([4, 6] as const).map((family) => {
    const own = targets.filter((target) => prefixFamily(target) === family);
    return own.length === 0 ? pass : familyCode(family, own, guard);
  });
  const [ipv4 = pass, ipv6 = pass] = packets;
  return [
    load(op.word, markOf),
    load(op.and, both),
    ...when(more.equal, both, pass),
    load(more.store, 0),
    ...otherSender(guard.hardwareAddress),
    load(op.word, protocolOf),
    ...when(more.equal, 0x0800, ipv4),
    ...when(more.equal, 0x86dd, ipv6),
    ...pass,
  ];
}

function otherSender(hardwareAddress: string | undefined): Code {
  const bytes = parseHardwareAddress(hardwareAddress ?? "");
  if (!bytes) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return [
    load(op.word, linkLayer + 6),
    ...unless(more.equal, view.getUint32(0), pass),
    load(op.half, linkLayer + 10),
    ...unless(more.equal, view.getUint16(4), pass),
  ];
}

const udp = 17;
const icmpv6 = 58;
const fragment = 44;
const neighbourTypes = [135, 136];

function familyCode(family: Family, targets: readonly Prefix[], guard: Guard): Code {
  const destination = network + (family === 4 ? 16 : 24);
  const ours = family === 4 ? ofWireGuard4(guard) : ofWireGuard6(guard);
  const neighbours = neighbourTypes.flatMap((type) => when(more.equal, type, pass));
  const discovery: Code =
    family === 4
      ? []
      : [
          load(op.byte, network + 6),
          ...when(more.equal, icmpv6, [load(op.byte, network + 40), ...neighbours]),
        ];
  return [...ours, ...discovery, ...wordCode(targets, 0, destination)];
}

/**
 * Accepts WireGuard's packets over IPv4. A later fragment has no port, so its mark must do, and only packets with that
 * mark get here.
 */
function ofWireGuard4({ marks, listenPort }: Guard): Code {
  const port: Code = [
    load(op.half, network + 6),
    ...when(more.anyBit, 0x1fff, pass),
    load(op.byte, network),
    load(op.and, 0xf),
    load(op.shift, 2),
    load(more.toX, 0),
    load(op.halfAtX, network),
    ...when(more.equal, listenPort, pass),
  ];
  return onlyMarked(marks, [load(op.byte, network + 9), ...when(more.equal, udp, port)]);
}

function ofWireGuard6({ marks, listenPort }: Guard): Code {
  const portAt = (offset: number): Code => [
    load(op.half, network + offset),
    ...when(more.equal, listenPort, pass),
  ];
  const first: Code = [load(op.half, network + 42), ...when(more.anyBit, 0xfff8, pass), ...portAt(48)];
  const fragments: Code = [load(op.byte, network + 40), ...when(more.equal, udp, first)];
  return onlyMarked(marks, [
    load(op.byte, network + 6),
    ...when(more.equal, udp, portAt(40)),
    load(op.byte, network + 6),
    ...when(more.equal, fragment, fragments),
  ]);
}

const onlyMarked = ({ fromWireGuard }: Marks, then: Code): Code => [
  load(more.recall, 0),
  ...when(more.equal, fromWireGuard, then),
];

/** A range of networks and the code that handles an address in it, from one word of the address on. */
interface Segment {
  readonly from: number;
  readonly code: Code;
}

/** Compares an address with the sorted networks, word by word, by binary search in each word. */
function wordCode(targets: readonly Prefix[], word: number, offset: number): Code {
  const segments: Segment[] = [{ from: 0, code: pass }];
  const put = (first: number, last: number, code: Code): void => {
    const before = segments.at(-1);
    if (before?.from === first) segments.pop();
    segments.push({ from: first, code });
    if (last < 0xffffffff) segments.push({ from: last + 1, code: pass });
  };
  for (const [value, group] of groupsOf(targets, word)) {
    if (group.kind === "range") put(value, group.last, drop);
    else put(value, value, wordCode(group.targets, word + 1, offset + 4));
  }
  const backwards: Instruction[] = [];
  putHalves(backwards, segments, 0, segments.length);
  return [load(op.word, offset), ...backwards.toReversed()];
}

type Group =
  | { readonly kind: "range"; readonly last: number }
  | { readonly kind: "longer"; readonly targets: Prefix[] };

function groupsOf(targets: readonly Prefix[], word: number): [number, Group][] {
  const groups = new Map<number, Group>();
  for (const target of targets) {
    const { family, first, last } = rangeOf(target);
    if (widthOf(family) === 32 * (word + 1)) {
      groups.set(Number(first & 0xffffffffn), { kind: "range", last: Number(last & 0xffffffffn) });
      continue; // the last word
    }
    const shift = BigInt(widthOf(family) - 32 * (word + 1));
    const low = Number((first >> shift) & 0xffffffffn);
    const high = Number((last >> shift) & 0xffffffffn);
    const isWhole = (first & ((1n << shift) - 1n)) === 0n && ((last + 1n) & ((1n << shift) - 1n)) === 0n;
    const known = groups.get(low);
    if (isWhole) groups.set(low, { kind: "range", last: high });
    else if (known?.kind === "longer") known.targets.push(target);
    else groups.set(low, { kind: "longer", targets: [target] });
  }
  return [...groups].toSorted(([left], [right]) => left - right);
}

/**
 * Puts the code that finds the segment of a word among those from `from` to before `to`, its last instruction first: so the
 * length of what a jump skips is known when the jump is put, and nothing is copied.
 */
function putHalves(backwards: Instruction[], segments: readonly Segment[], from: number, to: number): void {
  const middle = (from + to) >> 1;
  if (middle === from) {
    const { code } = segments[from] ?? { code: pass };
    for (const instruction of code.toReversed()) backwards.push(instruction);
    return;
  }
  putHalves(backwards, segments, middle, to);
  const after = backwards.length;
  putHalves(backwards, segments, from, middle);
  const length = backwards.length - after;
  const border = segments[middle]?.from ?? 0;
  if (length <= longestJump) backwards.push([more.atLeast, length, 0, border]);
  else backwards.push([op.jump, 0, 0, length], [more.atLeast, 0, 1, border]);
}

/** The program in the notation that tc reads and prints. */
export const programText = (code: Code): string =>
  `${code.length},${code.map((instruction) => instruction.join(" ")).join(",")}`;

/**
 * The largest number of instructions in one program. The kernel accepts 4,096, but lists no more than fit into one
 * netlink message.
 */
const mostInstructions = 2048;

/** The number of networks that fit into one program in any case but the rarest: each mostly takes four instructions. */
const mostTargets = mostInstructions / 4;

/** The number of programs that are kept. It is more than one link needs, and takes two megabytes at most. */
const mostKept = 48;

/** The texts of programs by all that decides about them: when one network comes or goes, most programs stay. */
const kept = new Map<string, string | undefined>();

/** The program as text; `undefined` if it is too long. */
function textFor(targets: readonly Prefix[], guard: Guard): string | undefined {
  const decisive = JSON.stringify([guard, targets]);
  if (kept.has(decisive)) return kept.get(decisive);
  const code = programFor(targets, guard);
  const text = code.length <= mostInstructions ? programText(code) : undefined;
  if (kept.size >= mostKept) kept.clear();
  kept.set(decisive, text);
  return text;
}

/**
 * The programs that drop packets to all targets. The targets are spread over as many programs as necessary, in order. They
 * are worked out once for each array of targets, which never changes.
 */
export function programsFor(targets: readonly Prefix[], guard: Guard): readonly string[] {
  const known = programsOf(targets);
  const { marks, listenPort, hardwareAddress } = guard;
  const decisive = [marks.fromWireGuard, marks.toWireGuard, listenPort, hardwareAddress].join();
  const programs = known.get(decisive) ?? spread(targets, guard);
  known.set(decisive, programs);
  return programs;
}

/** The programs for the same targets, by all else that decides about them. */
const programsOf = onceFor((_targets: readonly Prefix[]) => new Map<string, readonly string[]>());

function spread(targets: readonly Prefix[], guard: Guard): string[] {
  if (targets.length === 0) return [];
  const text = targets.length > mostTargets ? undefined : textFor(targets, guard);
  if (text !== undefined) return [text];
  const middle = targets.length >> 1;
  return [...spread(targets.slice(0, middle), guard), ...spread(targets.slice(middle), guard)];
}
