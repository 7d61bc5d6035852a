import { z } from "zod";
import { printable, readJson, valueOf } from "../base/index.ts";
import { codeOf, isSame, type Sides } from "../members/index.ts";
import { type Address, parseAddress } from "../net/index.ts";

/** A question of one member to another. The number is chosen by chance, and the answer repeats it. */
export type Question =
  /** The question whom the member reaches, from its peer with that index on. */
  | { readonly kind: "row"; readonly number: number; readonly from: number }
  /** The question for addresses of the member's own in its pod networks. */
  | { readonly kind: "pods"; readonly number: number };

export type Answer =
  | {
      readonly kind: "row";
      readonly number: number;
      /** The number of peers that the member has, in the order of which `from` is an index. */
      readonly total: number;
      /** The MTU of the member's link. */
      readonly linkMtu: number;
      readonly cells: readonly Cell[];
    }
  | { readonly kind: "pods"; readonly number: number; readonly addresses: readonly Address[] };

/** The way from a member to one of its peers, and what was measured there. */
export interface Cell {
  /** The name of the peer in lists: so much of its key that no two members share it. */
  readonly to: string;
  readonly way: "direct" | "mapped" | "guessed" | "relayed" | "carried" | "none";
  readonly via?: string;
  readonly roundTripMs?: number;
  readonly lossPercent?: number;
  readonly mtu?: number;
}

/** The most peers in one answer, which then fits any IPv6 packet. */
export const mostCells = 10;
export const mostAddresses = 4;
const longestVia = 24;
/** The payload of a packet that passes wherever IPv6 does. */
export const largestMessage = 1232;

const ways = ["direct", "mapped", "guessed", "relayed", "carried", "none"] as const;
const label = Buffer.from("kubespan survey v1");

const number = z.int().nonnegative();
const code = z.base64().length(24);
const shape = z.union([
  z.strictObject({ ask: z.literal("row"), number, from: number.max(100_000), code }),
  z.strictObject({ ask: z.literal("pods"), number, code }),
  z.strictObject({
    tell: z.literal("row"),
    number,
    total: number.max(100_000),
    linkMtu: number.max(65_535),
    cells: z
      .array(
        z.strictObject({
          to: z.base64().length(12),
          way: z.enum(ways),
          via: z
            .string()
            .max(4 * longestVia)
            .optional(),
          ms: z.number().nonnegative().max(60_000).optional(),
          loss: number.max(100).optional(),
          mtu: number.max(65_535).optional(),
        }),
      )
      .max(mostCells),
    code,
  }),
  z.strictObject({
    tell: z.literal("pods"),
    number,
    addresses: z.array(z.string().max(45)).max(mostAddresses),
    code,
  }),
]);

/** Something that was read, and whether its sender is proved to be the other side. */
export type Message = { readonly question: Question } | { readonly answer: Answer };

/** Writes a message for the other side of `sides`; `undefined` for a key that no honest node has. */
export function messageBytes(message: Message, sides: Sides): Uint8Array | undefined {
  const body = "question" in message ? asked(message.question) : told(message.answer);
  const proof = codeOf(label, Buffer.from(JSON.stringify(body)), sides, "own");
  return proof && Buffer.from(JSON.stringify({ ...body, code: Buffer.from(proof).toString("base64") }));
}

/** The fields in the order of the forms above, which is that in which they are read and proved. */
const asked = (question: Question): object =>
  question.kind === "pods"
    ? { ask: question.kind, number: question.number }
    : { ask: question.kind, number: question.number, from: question.from };

const told = (answer: Answer): object =>
  answer.kind === "pods"
    ? { tell: answer.kind, number: answer.number, addresses: answer.addresses }
    : {
        tell: answer.kind,
        number: answer.number,
        total: answer.total,
        linkMtu: answer.linkMtu,
        cells: answer.cells.map(({ to, way, via, roundTripMs, lossPercent, mtu }) => ({
          to,
          way,
          ...(via !== undefined && { via: printable(via, longestVia - 3) }),
          ...(roundTripMs !== undefined && { ms: roundTripMs }),
          ...(lossPercent !== undefined && { loss: lossPercent }),
          ...(mtu !== undefined && { mtu }),
        })),
      };

/** A datagram that has the form of a message. Who sent it is not known before `isFrom`. */
export interface Unproved {
  readonly message: Message;
  readonly isFrom: (sides: Sides) => boolean;
}

/** Reads a datagram, which may come from anybody; `undefined` if it is no message. */
export function readMessage(bytes: Uint8Array): Unproved | undefined {
  if (bytes.length > largestMessage) return undefined;
  const data = valueOf(readJson(Buffer.from(bytes).toString(), shape));
  const message = data && messageOf(data);
  if (!message) return undefined;
  const { code: proof, ...body } = data;
  return {
    message,
    isFrom: (sides) =>
      isSame(codeOf(label, Buffer.from(JSON.stringify(body)), sides, "peer"), Buffer.from(proof, "base64")),
  };
}

function messageOf(data: z.output<typeof shape>): Message | undefined {
  if ("ask" in data) {
    const { number: of } = data;
    return {
      question:
        data.ask === "row" ? { kind: "row", number: of, from: data.from } : { kind: "pods", number: of },
    };
  }
  if (data.tell === "pods") {
    const addresses = data.addresses.map(parseAddress);
    if (addresses.some((address) => address === undefined)) return undefined;
    return {
      answer: {
        kind: "pods",
        number: data.number,
        addresses: addresses.filter((each) => each !== undefined),
      },
    };
  }
  const cells = data.cells.map(
    ({ to, way, via, ms, loss, mtu }): Cell => ({
      to,
      way,
      ...(via !== undefined && { via }),
      ...(ms !== undefined && { roundTripMs: ms }),
      ...(loss !== undefined && { lossPercent: loss }),
      ...(mtu !== undefined && { mtu }),
    }),
  );
  const { number: of, total, linkMtu } = data;
  return { answer: { kind: "row", number: of, total, linkMtu, cells } };
}
