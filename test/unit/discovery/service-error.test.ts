import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { serviceError } from "../../../src/discovery/effects/service-error.ts";

const service = { name: "primary", host: "discovery.example.org", port: 443, tls: true };

test.each<[string, RegExp]>([
  ["certificate has expired", /not valid at this time: renew it, or set the clock/],
  ["certificate is not yet valid", /not valid at this time: renew it, or set the clock/],
  ["self-signed certificate in certificate chain", /authority in serviceCAFiles/],
  ["unable to verify the first certificate", /authority in serviceCAFiles/],
  ["Hostname/IP does not match certificate's altnames", /the endpoint has to have a name it was issued for/],
  ["Name resolution failed for target dns:discovery.example.org:443", /its name resolves here/],
  ["ssl3_get_record:wrong version number", /may not speak TLS/],
])("%j leads to advice that mends it", (details, advice) => {
  const { message, hint } = serviceError(
    Object.assign(new Error("call failed"), { code: status.UNAVAILABLE, details }),
    service,
  );
  expect(message).toContain(
    `discovery service https://discovery.example.org:443 cannot be reached: ${details}`,
  );
  expect(hint).toMatch(advice);
});

test("a service that does not answer may be behind a peer that is down", () => {
  const late = Object.assign(new Error("late"), {
    code: status.DEADLINE_EXCEEDED,
    details: "Deadline exceeded",
  });
  expect(serviceError(late, service).hint).toMatch(
    /on a node of the mesh it is reached only while that peer is up/,
  );
});
