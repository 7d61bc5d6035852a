/** Whether a text is an X25519 public key as WireGuard prints it: canonical base64 of 32 bytes, not all zero. */
export function isPublicKey(text: string): boolean {
  if (text.length !== 44) return false;
  const bytes = Buffer.from(text, "base64");
  return bytes.length === 32 && bytes.toString("base64") === text && bytes.some((byte) => byte !== 0);
}
