import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

interface Validity {
  readonly from: Date;
  readonly until: Date;
}

interface PrivateKeyPair {
  readonly privateKey: webcrypto.CryptoKey;
  readonly publicKey: webcrypto.CryptoKey;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const subject = "CN=an authority of the lab";

const keyPair = async (): Promise<PrivateKeyPair> =>
  webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);

/** An authority that certifies what no other one would: certificates of any time. All are in PEM. */
export class LabAuthority {
  readonly certificate: string;
  readonly #keys: PrivateKeyPair;

  private constructor(certificate: string, keys: PrivateKeyPair) {
    this.certificate = certificate;
    this.#keys = keys;
  }

  static async create(): Promise<LabAuthority> {
    const keys = await keyPair();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: subject,
      keys,
      notBefore: new Date("2020-01-01"),
      notAfter: new Date("2120-01-01"),
      extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
    });
    return new LabAuthority(certificate.toString("pem"), keys);
  }

  /** Makes a key and a certificate for an address. */
  async issue(address: string, { from, until }: Validity): Promise<{ cert: string; key: string }> {
    const keys = await keyPair();
    const certificate = await x509.X509CertificateGenerator.create({
      subject: "CN=a service of the lab",
      issuer: subject,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      notBefore: from,
      notAfter: until,
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: "ip", value: address }])],
    });
    const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
    const key = `-----BEGIN PRIVATE KEY-----\n${der.toString("base64")}\n-----END PRIVATE KEY-----\n`;
    return { cert: certificate.toString("pem"), key };
  }
}
