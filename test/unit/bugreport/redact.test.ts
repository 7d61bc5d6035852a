import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { Secret } from "../../../src/base/index.ts";
import { redactor } from "../../../src/bugreport/index.ts";

const bytes = randomBytes(32);
const base64 = bytes.toString("base64");
const canary = "c4nary-never-shown";

test.each([
  ["base64", base64],
  ["base64 without its end", base64.slice(0, 43)],
  ["URL-safe base64", bytes.toString("base64url")],
  ["hexadecimal", bytes.toString("hex")],
  ["capital hexadecimal", bytes.toString("hex").toUpperCase()],
  ["a part of a URL", encodeURIComponent(base64)],
])("a known secret is replaced in %s", (_, form) => {
  const clean = redactor([new Secret(bytes)])(`before ${form} after`);
  expect(clean).not.toContain(form);
  expect(clean).toMatch(/^before \[secret\]\S{0,4} after$/);
});

test("the password of a proxy is replaced with its user and without", () => {
  const redact = redactor([new Secret(Buffer.from(`user:${canary}`))]);
  expect(redact(`proxy user:${canary} and ${canary}`)).toBe("proxy [secret] and [secret]");
});

test.each([
  `password=${canary}`,
  `"token": "${canary}"`,
  `http://someone:${canary}@proxy.example:3128/`,
  `Authorization: Bearer ${canary}`,
  `clusterSecret: ${canary}`,
  `privateKey: '${canary}'`,
  `-----BEGIN EC PRIVATE KEY-----\n${canary}\n-----END EC PRIVATE KEY-----`,
  `eyJhbGciOi.${canary}.x`,
])("what nobody knew of is replaced where secrets stand: %j", (text) => {
  expect(redactor([])(text)).not.toContain(canary);
});

test.each([
  "private key: (hidden)",
  "preshared key: (hidden)",
  "b is down: another secret, or a clock that is wrong",
  '"publicKey": "Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm8="',
])("other text stays: %j", (text) => {
  expect(redactor([new Secret(bytes)])(text)).toBe(text);
});
