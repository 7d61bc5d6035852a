import { Secret } from "../base/index.ts";
import { hash, openExtended, sealExtended, sharedSecret } from "../handshake/index.ts";

/** The keys of one side: its own pair, and the public key of the other side. Public keys are in base64. */
interface Sides {
  readonly privateKey: Secret;
  readonly publicKey: string;
  readonly peer: string;
}

const nonceBytes = 24;
const secretBytes = 32;
const tagBytes = 16;

/** The length of a sealed secret as text. */
export const sealedSecretLength = Math.ceil((nonceBytes + secretBytes + tagBytes) / 3) * 4;

const label = Buffer.from("kubespan sealed secret v1");

/** The key that only these two members can make, of their static WireGuard keys; `undefined` for a key that no node has. */
function keyOf({ privateKey, peer }: Sides): Uint8Array | undefined {
  const shared = sharedSecret(privateKey.reveal(), Buffer.from(peer, "base64"));
  return shared && hash(label, shared);
}

/** What is bound to the sealed secret: who sends it to whom, and the operator's statement about it. */
const bound = (from: string, to: string, statement: string): Buffer =>
  Buffer.from(JSON.stringify([from, to, statement]));

/** Seals the secret that a statement is about for one member; `random` gives that many bytes. */
export function sealSecret(
  secret: Secret,
  statement: string,
  sides: Sides,
  random: (size: number) => Uint8Array,
): string | undefined {
  const key = keyOf(sides);
  if (!key) return undefined;
  const nonce = random(nonceBytes);
  const sealed = sealExtended(key, nonce, secret.reveal(), bound(sides.publicKey, sides.peer, statement));
  return Buffer.concat([nonce, sealed]).toString("base64");
}

/** Opens what the member `peer` sealed for this node; `undefined` for anything else. */
export function openSealedSecret(text: string, statement: string, sides: Sides): Secret | undefined {
  const bytes = Buffer.from(text, "base64");
  if (text.length !== sealedSecretLength || bytes.length !== nonceBytes + secretBytes + tagBytes)
    return undefined;
  const key = keyOf(sides);
  const [nonce, sealed] = [bytes.subarray(0, nonceBytes), bytes.subarray(nonceBytes)];
  const plain = key && openExtended(key, nonce, sealed, bound(sides.peer, sides.publicKey, statement));
  return plain && new Secret(plain);
}
