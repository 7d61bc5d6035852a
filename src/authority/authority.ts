import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  webcrypto,
} from "node:crypto";
import { KubespanError, Secret } from "../base/index.ts";
import { parseAddress } from "../net/index.ts";

/**
 * The authority of a cluster, which certifies the discovery services on its nodes. Its certificate follows from its key
 * alone, so every node that has the key is the same authority, and none of them has to be the first, or to live on.
 */
export interface Authority {
  /** The certificate, in PEM. */
  readonly certificate: string;
  /** The SHA-256 of the certificate, by which a node that joins knows it. */
  readonly fingerprint: Uint8Array;
  /** Makes a key and a certificate for a service with these names and addresses. */
  issue(names: readonly string[], now: number): Promise<Issued>;
}

/** A certificate with the one of the authority behind it, and its key, in PEM. */
interface Issued {
  readonly cert: string;
  readonly key: string;
}

/** The days for which a certificate of a service is valid. It is made anew every day. */
const serviceDays = 30;
const dayMs = 24 * 3600 * 1000;

/**
 * The time from which all certificates are valid, long before any cluster, so that a node whose clock is behind can
 * join. A certificate of a service never outlives the process that made it, so nothing is won by a later one.
 */
const validFrom = new Date("2020-01-01T00:00:00Z");
const validUntil = new Date("2120-01-01T00:00:00Z");

const subject = "CN=kubespan discovery authority";
const ed25519 = { name: "Ed25519" };
const serverAuthentication = "1.3.6.1.5.5.7.3.1";

/** The library for certificates is large, and only commands that deal with an authority load it. */
async function library() {
  await import("reflect-metadata"); // the library's own part needs it, and says so only when it is missing
  return import("@peculiar/x509");
}

/** The authority with this key, which is 32 random bytes. */
export async function openAuthority(key: Secret): Promise<Authority> {
  const x509 = await library();
  const own = privateKeyOf(key);
  const signingKey = await webcrypto.subtle.importKey("pkcs8", pkcs8Of(own), ed25519, false, ["sign"]);
  const spki = createPublicKey(own).export({ format: "der", type: "spki" });
  const publicKey = await webcrypto.subtle.importKey("spki", spki, ed25519, true, ["verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: subject,
    notBefore: validFrom,
    notAfter: validUntil,
    signingAlgorithm: ed25519,
    keys: { privateKey: signingKey, publicKey },
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
    ],
  });
  const pem = `${certificate.toString("pem")}\n`;
  return {
    certificate: pem,
    fingerprint: createHash("sha256").update(new Uint8Array(certificate.rawData)).digest(),
    issue: async (names, now) => {
      const keys = await webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
        "sign",
        "verify",
      ]);
      const issued = await x509.X509CertificateGenerator.create({
        serialNumber: `01${randomBytes(15).toString("hex")}`,
        subject: "CN=kubespan discovery service",
        issuer: certificate.subject,
        notBefore: validFrom,
        notAfter: new Date(now + serviceDays * dayMs),
        signingKey,
        signingAlgorithm: ed25519,
        publicKey: keys.publicKey,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([serverAuthentication]),
          new x509.SubjectAlternativeNameExtension(
            names.map((name) => ({ type: parseAddress(name) ? "ip" : "dns", value: name })),
          ),
          await x509.AuthorityKeyIdentifierExtension.create(publicKey),
        ],
      });
      const exported = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
      const serviceKey = createPrivateKey({ key: exported, format: "der", type: "pkcs8" });
      return { cert: `${issued.toString("pem")}\n${pem}`, key: pemOf(serviceKey) };
    },
  };
}

const pkcs8Of = (key: KeyObject): Buffer => key.export({ format: "der", type: "pkcs8" });
const pemOf = (key: KeyObject): string => key.export({ format: "pem", type: "pkcs8" }).toString();

/** The first bytes of the PKCS #8 form of every Ed25519 key, behind which its 32 bytes stand (RFC 8410). */
const pkcs8Start = Buffer.from("302e020100300506032b657004220420", "hex");

const privateKeyOf = (key: Secret): KeyObject =>
  createPrivateKey({ key: Buffer.concat([pkcs8Start, key.reveal()]), format: "der", type: "pkcs8" });

/** The key of an authority as the text of its file, which holds the secret. */
export const authorityKeyText = (key: Secret): string => pemOf(privateKeyOf(key));

/** Reads the text that `authorityKeyText` writes. Throws `KubespanError("config")` for anything else. */
export function parseAuthorityKey(text: string, file: string): Secret {
  try {
    const der = pkcs8Of(createPrivateKey(text));
    if (der.length === pkcs8Start.length + 32 && der.subarray(0, pkcs8Start.length).equals(pkcs8Start))
      return new Secret(der.subarray(pkcs8Start.length));
  } catch {
    // The library's message may quote the text.
  }
  throw new KubespanError("config", `${file} holds no key of an authority`, {
    hint: "expected an Ed25519 key in PEM, as 'kubespan init --discovery' makes",
  });
}
