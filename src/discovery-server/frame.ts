/** The length of the head of a gRPC message: one byte for compression, four for the length. */
export const headBytes = 5;

export interface Head {
  readonly isCompressed: boolean;
  readonly length: number;
}

/** Reads the head of the message that these bytes begin with; `undefined` until the head is complete. */
export function headOf(bytes: Buffer): Head | undefined {
  if (bytes.length < headBytes) return undefined;
  return { isCompressed: bytes.readUInt8(0) !== 0, length: bytes.readUInt32BE(1) };
}

function headFor(length: number): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(length, 1);
  return head;
}

/** A message in the form in which it is sent. All its receivers share it. */
export interface Message {
  readonly length: number;
  readonly pieces: readonly Uint8Array[];
  /** The chunks in which it was sent already, for all its receivers; absent for one that hardly has several. */
  readonly chunks?: Buffer[];
}

export const messageOf = (pieces: readonly Uint8Array[]): Message => ({
  length: pieces.reduce((sum, piece) => sum + piece.length, 0),
  pieces,
});

/** A message for many receivers at the same time: its chunks are made once, and take memory for as long as it does. */
export const sharedMessage = (message: Message): Message => ({ ...message, chunks: [] });

/**
 * The message with its head, in chunks of about this size. Only one chunk at a time is a copy, unless the receivers
 * share the chunks.
 */
export function* chunksOf(message: Message, chunkBytes: number): Generator<Buffer> {
  const { chunks } = message;
  if (!chunks) return yield* newChunks(message, chunkBytes);
  if (chunks.length === 0) chunks.push(...newChunks(message, chunkBytes));
  yield* chunks;
}

function* newChunks({ length, pieces }: Message, chunkBytes: number): Generator<Buffer> {
  let chunk: Uint8Array[] = [headFor(length)];
  let size = headBytes;
  for (const piece of pieces) {
    if (size + piece.length > chunkBytes) {
      yield Buffer.concat(chunk, size);
      [chunk, size] = [[], 0];
    }
    chunk.push(piece);
    size += piece.length;
  }
  yield Buffer.concat(chunk, size);
}

/** The details of a status in the form of a header: printable ASCII, with the rest percent-encoded. */
export const statusText = (text: string): string => encodeURIComponent(text).replaceAll("%20", " ");
