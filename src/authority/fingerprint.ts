import { createHash, X509Certificate } from "node:crypto";

/** The SHA-256 of the first certificate in a PEM text; `undefined` if there is none. */
export function fingerprintOf(pem: string): Uint8Array | undefined {
  try {
    return createHash("sha256").update(new X509Certificate(pem).raw).digest();
  } catch {
    return undefined;
  }
}
