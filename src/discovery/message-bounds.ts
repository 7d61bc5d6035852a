import { limits } from "./limits.ts";

/**
 * The largest message in bytes. A message within the limits has at most 4.6 MB, for 1,024 affiliates of 2 KB with 64
 * endpoints and an id of 256 bytes each.
 */
export const largestMessageBytes = 5 * 1024 * 1024;
/** The largest answer in bytes to requests other than List and Watch, whose answers are nearly empty. */
export const largestAnswerBytes = 16 * 1024;

/**
 * The number of unknown fields in a message, which a later version of the protocol may add. More of them are padding.
 */
const unknownFields = 16;
const affiliatesField = 1;
const endpointsField = 3;

/** A field that holds bytes, or only its number. */
interface Field {
  readonly number: number;
  readonly bytes?: Uint8Array;
}

/**
 * The reason why a message with affiliates (an answer to List, or a message of Watch) is not decoded; `undefined` if it
 * is within the limits. Decoding an empty affiliate costs a hundred times its bytes, so affiliates are counted before.
 * Whether the message is well formed, the decoder tells.
 */
export function unboundedReason(message: Uint8Array): string | undefined {
  if (message.length > largestMessageBytes) return `it has ${message.length} bytes`;
  let affiliates = 0;
  let others = 0;
  for (const field of fieldsOf(message)) {
    if (field === undefined) return "it is no message";
    if (field.number !== affiliatesField) others++;
    else if (++affiliates > limits.affiliatesPerCluster)
      return `it has more than ${limits.affiliatesPerCluster} affiliates`;
    const reason = field.number === affiliatesField && field.bytes && unboundedAffiliate(field.bytes);
    if (reason) return reason;
    if (others > unknownFields) return "it has too many fields";
  }
  return undefined;
}

function unboundedAffiliate(affiliate: Uint8Array): string | undefined {
  let endpoints = 0;
  let others = 0;
  for (const field of fieldsOf(affiliate)) {
    if (field === undefined) return "one of its affiliates is no message";
    if (field.number !== endpointsField) others++;
    else if (++endpoints > limits.endpointsPerAffiliate)
      return `one of its affiliates has more than ${limits.endpointsPerAffiliate} endpoints`;
    if (others > unknownFields) return "one of its affiliates has too many fields";
  }
  return undefined;
}

/** The fields of the top level, without the fields within them. Ends with `undefined` if the bytes are not protobuf. */
function* fieldsOf(message: Uint8Array): Generator<Field | undefined> {
  for (let at = 0; at < message.length; ) {
    const tag = varintAt(message, at);
    const content = tag && contentAt(message, tag.end, tag.value & 7);
    if (!tag || !content || tag.value < 8) {
      yield undefined;
      return;
    }
    yield { number: Math.floor(tag.value / 8), ...(content.bytes && { bytes: content.bytes }) };
    at = content.end;
  }
}

/** The content of a field. Groups, which nobody writes any more, count as malformed. */
function contentAt(
  message: Uint8Array,
  at: number,
  wireType: number,
): { readonly end: number; readonly bytes?: Uint8Array } | undefined {
  if (wireType === 0) return varintAt(message, at);
  if (wireType === 1 || wireType === 5) return within(message, at + (wireType === 1 ? 8 : 4));
  const length = wireType === 2 ? varintAt(message, at) : undefined;
  const rest = length && within(message, length.end + length.value);
  return rest && { ...rest, bytes: message.subarray(length.end, rest.end) };
}

const within = (message: Uint8Array, end: number): { readonly end: number } | undefined =>
  end <= message.length ? { end } : undefined;

/** Reads a number of at most ten bytes. Values above 2^53 are inexact, and too large for any use here. */
function varintAt(
  message: Uint8Array,
  at: number,
): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let index = 0; index < 10; index++) {
    const byte = message[at + index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, end: at + index + 1 };
  }
  return undefined;
}
