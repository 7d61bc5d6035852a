import { createHash, randomBytes, X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import { fetchAuthority } from "../../../src/authority/effects/index.ts";
import {
  authorityKeyText,
  fingerprintOf,
  openAuthority,
  parseAuthorityKey,
} from "../../../src/authority/index.ts";
import { KubespanError, Secret } from "../../../src/base/index.ts";

const now = Date.UTC(2031, 5, 1);
const newKey = (): Secret => new Secret(randomBytes(32));

/** A server with a certificate of this authority. */
async function serverOf(key: Secret, names: readonly string[]): Promise<number> {
  const server = createServer(await (await openAuthority(key)).issue(names, Date.now()), (socket) =>
    socket.end(),
  );
  server.on("tlsClientError", () => undefined); // whoever does not trust it ends the connection
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe("the authority of a cluster", () => {
  test("is the same wherever its key is", async () => {
    const key = newKey();
    const [one, other] = [await openAuthority(key), await openAuthority(key)];
    expect(one.certificate).toBe(other.certificate);
    expect(one.fingerprint).toEqual(fingerprintOf(one.certificate));
    expect((await openAuthority(newKey())).certificate).not.toBe(one.certificate);
  });

  test("issues certificates of servers only, valid for a month whatever a client's clock has missed", async () => {
    const authority = await openAuthority(newKey());
    const { cert } = await authority.issue(["192.0.2.10", "2001:db8::1", "one.example.org"], now);
    const issued = new X509Certificate(cert);
    expect(issued.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
    expect(issued.ca).toBe(false);
    expect(issued.checkIP("192.0.2.10")).toBe("192.0.2.10");
    expect(issued.checkIP("2001:db8::1")).toBe("2001:db8::1");
    expect(issued.checkHost("one.example.org")).toBe("one.example.org");
    expect(issued.checkIP("192.0.2.11")).toBeUndefined();
    expect(issued.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
    expect(new Date(issued.validTo).getTime() - now).toBe(30 * 24 * 3600 * 1000);
    expect(new Date(issued.validFrom).getUTCFullYear()).toBe(2020);
  });

  test("is trusted by a client of TLS that has its certificate, and by no other", async () => {
    const key = newKey();
    const port = await serverOf(key, ["127.0.0.1"]);
    const authorized = async (ca: string): Promise<boolean> => {
      const socket = connect({ host: "127.0.0.1", port, ca, rejectUnauthorized: false });
      socket.on("error", () => undefined);
      await once(socket, "secureConnect");
      socket.destroy();
      return socket.authorized;
    };
    expect(await authorized((await openAuthority(key)).certificate)).toBe(true);
    expect(await authorized((await openAuthority(newKey())).certificate)).toBe(false);
  });

  test("has a key whose file says what it is, and never shows it", () => {
    const key = newKey();
    const text = authorityKeyText(key);
    expect(text).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(parseAuthorityKey(text, "FILE").equals(key)).toBe(true);
    for (const wrong of ["", "x", text.replace(/[A-Z]{4}/, "!!!!"), text.slice(0, 60)])
      expect(() => parseAuthorityKey(wrong, "FILE")).toThrow(/^FILE holds no key of an authority$/);
  });
});

describe("fetchAuthority", () => {
  test("gives the certificate with the fingerprint from the chain of the server", async () => {
    const key = newKey();
    const { certificate, fingerprint } = await openAuthority(key);
    const port = await serverOf(key, ["127.0.0.1"]);
    expect(await fetchAuthority({ host: "127.0.0.1", port }, fingerprint)).toBe(certificate);
  });

  test("refuses a server of another authority, and one that is not there", async () => {
    const port = await serverOf(newKey(), ["127.0.0.1"]);
    const other = createHash("sha256").update("other").digest();
    await expect(fetchAuthority({ host: "127.0.0.1", port }, other)).rejects.toThrow(/another authority/);
    const nobody = fetchAuthority({ host: "127.0.0.1", port: 1 }, other);
    await expect(nobody).rejects.toThrow(KubespanError);
    await expect(nobody).rejects.toThrow(/cannot be reached: .*ECONNREFUSED/);
  });
});
