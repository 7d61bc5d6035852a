import { createHash } from "node:crypto";
import { initiationBytes, mac, recipientKey, responseBytes } from "../../src/handshake/index.ts";

const macBytes = 16;
const firstPort = 10_000;

/** The port at which the made-up member of that number is. All are at one address. */
export const portOf = (member: number): number => firstPort + member;

/** The public key of a made-up member. It is no point of the curve, which no relay can know. */
export const publicKeyOf = (member: number): Uint8Array =>
  new Uint8Array(createHash("sha256").update(`member ${member}`).digest());

/** The bytes of a handshake message that a relay takes for one to this member: it can check nothing but `mac1`. */
function messageTo(member: number, bytes: number, words: readonly number[]): Buffer {
  const message = Buffer.alloc(bytes, 1);
  for (const [index, word] of words.entries()) message.writeUInt32BE(word, 4 * index);
  const at = bytes - 2 * macBytes;
  message.set(mac(recipientKey(publicKeyOf(member)), new Uint8Array(message.subarray(0, at))), at);
  return message;
}

/** The first two messages of a session; members are numbered, and each begins one session. */
export const handshakeOf = (
  from: number,
  to: number,
): { readonly initiation: Buffer; readonly response: Buffer } => ({
  initiation: messageTo(to, initiationBytes, [0x01000000, from]),
  response: messageTo(from, responseBytes, [0x02000000, to, from]),
});
