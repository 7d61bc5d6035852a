import { z } from "zod";
import { readJson, valueOf } from "../base/index.ts";
import { longestStatement } from "../eviction/index.ts";
import { type Endpoint, parseEndpoint } from "../net/index.ts";
import { sealedSecretLength, secretStatementLength } from "../secret-change/index.ts";
import { codeOf, isSame, type Sides } from "./code.ts";
import { type GuessNotice, guessFields, guessNoticeOf, guessShapes } from "./guess-notice.ts";

/** A message to a member. */
export type Notice = EndNotice | ObservedNotice | EvictionNotice | KeyNotice | SecretNotice | GuessNotice;

/** A message about the end of a membership: the sender's own, or that of a member that vanished. */
export interface EndNotice {
  readonly kind: "farewell" | "forget";
  /** The node id of the member that is to be let go. */
  readonly nodeId: string;
  /** The highest number that the member announced. */
  readonly number: number;
}

/** A message about the endpoint at which the sender sees the recipient. */
export interface ObservedNotice {
  readonly kind: "observed";
  /** The node id of the recipient. */
  readonly nodeId: string;
  /** A number that grows from one statement of the sender to the next: its time in milliseconds since 1970. */
  readonly number: number;
  readonly endpoint: Endpoint;
  /** The time for which the sender has seen the recipient there. */
  readonly seconds: number;
}

/** A message with the statement of an operator about a member, which the sender only passes on. */
interface EvictionNotice {
  readonly kind: "eviction";
  readonly statement: string;
}

/** A message about the key that the sender takes next, or has just taken. */
export interface KeyNotice {
  readonly kind: "key";
  /** The node id of the sender. */
  readonly nodeId: string;
  /** The number of the sender's last announcement with the key before. */
  readonly number: number;
  /** The public key in base64. */
  readonly publicKey: string;
}

/** A message with the next cluster secret, sealed for the recipient, and the statement of an operator about it. */
export interface SecretNotice {
  readonly kind: "secret";
  readonly statement: string;
  readonly sealed: string;
}

/** The name of a recipient in a list of proofs: so much of its key that no two members share it. */
export const recipientOf = (publicKey: string): string =>
  Buffer.from(publicKey, "base64").subarray(0, 8).toString("base64");

const labels = {
  notice: Buffer.from("kubespan notice v1"),
  receipt: Buffer.from("kubespan receipt v1"),
} as const;

/**
 * The proof, for one recipient, that a notice is its sender's. The cluster secret would prove nothing, as every member
 * has it, and every former one. So the key is made of the static WireGuard keys of both sides, which only these two can
 * do (X25519). `undefined` for a key that no honest node has (RFC 7748, section 6.1).
 */
export const proofOf = (notice: Notice, sides: Sides, sender: "own" | "peer"): Uint8Array | undefined =>
  codeOf(labels.notice, Buffer.from(JSON.stringify([notice.kind, ...fieldsOf(notice)])), sides, sender);

/**
 * The code by which the recipient of a notice confirms it, known by the proof of that notice. Whoever has got the port of a
 * daemon that ended reads what comes there, and must not be able to say that its node heard it.
 */
export const receiptOf = (proof: Uint8Array, sides: Sides, sender: "own" | "peer"): Uint8Array | undefined =>
  codeOf(labels.receipt, proof, sides, sender);

function fieldsOf(notice: Notice): readonly unknown[] {
  if (notice.kind === "eviction") return [notice.statement];
  if (notice.kind === "secret") return [notice.statement, notice.sealed];
  const { nodeId, number } = notice;
  switch (notice.kind) {
    case "farewell":
    case "forget":
      return [nodeId, number];
    case "observed":
      return [nodeId, number, notice.endpoint, notice.seconds];
    case "key":
      return [nodeId, number, notice.publicKey];
    case "introduce":
    case "introduction":
    case "open":
    case "opened":
      return [nodeId, number, ...guessFields(notice)];
  }
}

/** Tells whether the other side made the proof. */
export function isProven(notice: Notice, sides: Sides, proof: Uint8Array): boolean {
  return isSame(proofOf(notice, sides, "peer"), proof);
}

/** A message through the tunnel: a notice with its proof, or the receipt for one, whose proof is that of `receiptOf`. */
export type Datagram =
  | { readonly kind: "notice"; readonly notice: Notice; readonly proof: Uint8Array }
  | { readonly kind: "receipt"; readonly proof: Uint8Array };

/** The largest size of a datagram in bytes; ids are short. */
export const largestDatagram = 512;

const proofText = z.base64().length(24);
const mostSeconds = 365 * 24 * 3600;
const shapes = z.union([
  z.strictObject({
    notice: z.enum(["farewell", "forget"]),
    nodeId: z.string().min(1).max(256),
    number: z.int().nonnegative(),
    proof: proofText,
  }),
  z.strictObject({
    notice: z.literal("observed"),
    nodeId: z.string().min(1).max(256),
    number: z.int().nonnegative(),
    endpoint: z.string().max(64),
    seconds: z.int().nonnegative().max(mostSeconds),
    proof: proofText,
  }),
  z.strictObject({
    notice: z.literal("key"),
    nodeId: z.string().min(1).max(256),
    number: z.int().nonnegative(),
    publicKey: z.base64().length(44),
    proof: proofText,
  }),
  z.strictObject({
    notice: z.literal("eviction"),
    statement: z.base64().max(longestStatement),
    proof: proofText,
  }),
  z.strictObject({
    notice: z.literal("secret"),
    statement: z.base64().length(secretStatementLength),
    sealed: z.base64().length(sealedSecretLength),
    proof: proofText,
  }),
  z.strictObject({ receipt: proofText }),
  ...guessShapes,
]);

export function datagramText(datagram: Datagram): string {
  const proof = Buffer.from(datagram.proof).toString("base64");
  if (datagram.kind === "receipt") return JSON.stringify({ receipt: proof });
  const { kind, ...rest } = datagram.notice;
  return JSON.stringify({ notice: kind, ...rest, proof });
}

/**
 * Parses a datagram; `undefined` for bytes that `datagramText` did not write, as any local user of any member can send
 * anything here.
 */
export function readDatagram(bytes: Uint8Array): Datagram | undefined {
  if (bytes.length > largestDatagram) return undefined;
  const data = valueOf(readJson(Buffer.from(bytes).toString(), shapes));
  if (!data) return undefined;
  if ("receipt" in data) return { kind: "receipt", proof: Buffer.from(data.receipt, "base64") };
  const proof = Buffer.from(data.proof, "base64");
  if (data.notice === "eviction")
    return { kind: "notice", notice: { kind: data.notice, statement: data.statement }, proof };
  if (data.notice === "secret")
    return {
      kind: "notice",
      notice: { kind: data.notice, statement: data.statement, sealed: data.sealed },
      proof,
    };
  const { nodeId, number } = data;
  switch (data.notice) {
    case "farewell":
    case "forget":
      return { kind: "notice", notice: { kind: data.notice, nodeId, number }, proof };
    case "observed": {
      const { seconds } = data;
      const endpoint = parseEndpoint(data.endpoint);
      // Another way to write the same endpoint is refused, as the proof is for the canonical one.
      if (endpoint === undefined || endpoint !== data.endpoint) return undefined;
      return { kind: "notice", notice: { kind: "observed", nodeId, number, endpoint, seconds }, proof };
    }
    case "key":
      return { kind: "notice", notice: { kind: "key", nodeId, number, publicKey: data.publicKey }, proof };
    case "introduce":
    case "introduction":
    case "open":
    case "opened": {
      const notice = guessNoticeOf(data);
      return notice && { kind: "notice", notice, proof };
    }
  }
}
