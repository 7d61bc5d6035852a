import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { serviceError } from "../../../src/discovery/effects/service-error.ts";

const service = { name: "primary", host: "discovery.example.org", port: 443, tls: true };

const failed = (details: string, code = status.UNAVAILABLE) =>
  Object.assign(new Error("call failed"), { code, details });
const framed = (text: string): string => `No connection established. Last error: ${text}. Resolution note: `;
/** Node's own advice, which is wrong here: the machine's authorities are used. */
const advised = "; if the root CA is installed locally, try running Node.js with --use-system-ca";
const ssl = "Error: 40CD1F6EDC7F0000:error:0A00010B:SSL routines:";
const plain = { ...service, tls: false, port: 3000 };

test.each<[string, string, RegExp, typeof service?]>([
  [
    framed("Error: connect ECONNREFUSED 192.0.2.20:4000"),
    "the connection was refused by 192.0.2.20:4000",
    /check that it runs there/,
  ],
  [
    framed("Error: connect ECONNREFUSED ::1:4000"),
    "the connection was refused by ::1:4000",
    /check that it runs there/,
  ],
  [
    "Name resolution failed for target dns:discovery.example.org:443",
    "its name does not resolve here",
    /DNS of this node/,
  ],
  [
    framed("Error: connect EHOSTUNREACH 192.0.2.20:4000"),
    "no way leads there from this node",
    /routes of this node/,
  ],
  [framed("Error: certificate has expired"), "its certificate has expired", /renew it; .* clock .* ahead/],
  [framed("Error: certificate is not yet valid"), "its certificate is not valid yet", /clock .* behind/],
  [
    framed(`Error: self-signed certificate${advised}`),
    "its certificate is not trusted: no authority that this node knows has issued it",
    /in serviceCAFiles \(KubeSpanDaemonConfig\)/,
  ],
  [
    framed("Error: unable to verify the first certificate"),
    "its certificate is not trusted: no authority that this node knows has issued it",
    /serviceCAFiles/,
  ],
  [
    framed("Error: Hostname/IP does not match certificate's altnames: IP: 127.0.0.1 is not"),
    "its certificate is not trusted for this name",
    /a name it was issued for/,
  ],
  [
    framed(`${ssl}tls_validate_record_header:wrong version number:../deps/openssl/x.c:77:\n`),
    "it does not speak TLS there",
    /https or http in the endpoint/,
  ],
  [
    framed(`${ssl}ssl3_read_bytes:tlsv13 alert certificate required:../deps/x.c:918:SSL alert number 116\n`),
    "it wants to see a certificate of this node",
    /does not ask for one/,
  ],
  [
    framed(
      `${ssl}ssl3_read_bytes:tlsv1 alert no application protocol:../deps/x.c:918:SSL alert number 120\n`,
    ),
    "something answers there with TLS that is not a discovery service",
    /check the port/,
  ],
  [
    framed("Protocol error (2026-11-25T23:05:24.999Z)"),
    "something answers there that is not a discovery service",
    /check the port/,
    plain,
  ],
  [
    framed("Failed to connect (2026-11-25T23:05:24.999Z)"),
    "it closed the connection at once",
    /if it speaks TLS, the endpoint begins with https/,
    plain,
  ],
  [framed("something new (2026-11-25T23:05:24.999Z)"), "something new", /check that it runs/],
])("%j is said in words of ours, with advice that mends it", (details, text, advice, at = service) => {
  const { message, hint } = serviceError(failed(details), at);
  const where = at.tls ? "https://discovery.example.org:443" : "http://discovery.example.org:3000";
  expect(message).toBe(`discovery service ${where} cannot be reached: ${text}`);
  expect(hint).toMatch(advice);
  expect(`${message} ${hint}`).not.toMatch(/Node\.js|caFile\b|LB pick|OpenSSL|Resolution note|ECONN|\dZ\b/i);
});

test.each<[status, string, string]>([
  [
    status.DEADLINE_EXCEEDED,
    "Deadline exceeded after 10.0s,name resolution: 0.008s,Waiting for LB pick",
    "did not answer in time",
  ],
  [
    status.DEADLINE_EXCEEDED,
    "Deadline exceeded after 10.0s,waiting for name resolution",
    "cannot be reached: its name does not resolve here",
  ],
  [
    status.UNIMPLEMENTED,
    "Received HTTP status code 404",
    "is not a discovery service: it answered with the HTTP status 404",
  ],
  [
    status.RESOURCE_EXHAUSTED,
    "the affiliate would have more than 64 endpoints",
    "has no room for this request: the affiliate would have more than 64 endpoints",
  ],
  [
    status.INVALID_ARGUMENT,
    "the certificate of wisdom is missing",
    "found the request malformed: the certificate of wisdom is missing",
  ],
])("the code %i leaves %j so", (code, details, text) => {
  expect(serviceError(failed(details, code), service).message).toBe(
    `discovery service https://discovery.example.org:443 ${text}`,
  );
});

test("a service that does not answer may be behind a peer that is down", () => {
  const late = Object.assign(new Error("late"), {
    code: status.DEADLINE_EXCEEDED,
    details: "Deadline exceeded",
  });
  expect(serviceError(late, service).hint).toMatch(
    /one asked in plaintext, on a node of the mesh, is reached only while that peer is up/,
  );
});
