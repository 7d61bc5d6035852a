/** The ids of the affiliates in a message, without decoding the rest, so that many watchers leave time for the service. */
export function* idsIn(message: Buffer): Generator<string> {
  for (let at = 0; at < message.length; ) {
    const field = lengthAt(message, at + 1);
    if (message[at] !== affiliatesTag) return; // whether they are deleted comes last
    const id = lengthAt(message, field.from + 1);
    yield message.toString("latin1", id.from, id.from + id.length);
    at = field.from + field.length;
  }
}

/** Field 1 with a length: the affiliates of a message, and the id of an affiliate. */
const affiliatesTag = 0x0a;

function lengthAt(message: Buffer, at: number): { readonly length: number; readonly from: number } {
  let [length, from, shift] = [0, at, 0];
  for (;;) {
    const byte = message[from++] ?? 0;
    length |= (byte & 0x7f) << shift;
    shift += 7;
    if (byte < 0x80) return { length, from };
  }
}
