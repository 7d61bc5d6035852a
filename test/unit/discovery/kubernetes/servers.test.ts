import { expect, test } from "vitest";
import { apiError, statusOf } from "../../../../src/discovery/kubernetes/effects/api-error.ts";
import { serversOf } from "../../../../src/discovery/kubernetes/servers.ts";

test.each([
  ["https://192.0.2.1:6443", true, { host: "192.0.2.1", port: 6443, tls: true }],
  ["https://10.96.0.1", true, { host: "10.96.0.1", port: 443, tls: true }],
  ["https://[2001:db8::1]:6443/", true, { host: "2001:db8::1", port: 6443, tls: true }],
  ["https://Rancher.test/k8s/clusters/c-1", true, { host: "rancher.test", port: 443, tls: true }],
  ["https://192.0.2.1:6443", false, { host: "192.0.2.1", port: 6443, tls: false }],
  ["http://192.0.2.1:8080", true, { host: "192.0.2.1", port: 8080, tls: false }],
])(
  "the API server of a kubeconfig: %s, whose certificate is checked: %s",
  (location, isChecked, expected) => {
    expect(serversOf({ location, isChecked }, {})).toEqual([{ ...expected, clients: "node" }]);
  },
);

test("API servers that the configuration adds", () => {
  const apiServers = [{ host: "192.0.2.7", port: 6443, tls: true }];
  const hosts = serversOf({ location: "https://10.96.0.1:443", isChecked: true }, { apiServers });
  expect(hosts.map(({ host }) => host)).toEqual(["10.96.0.1", "192.0.2.7"]);
  expect(serversOf({ location: "no URL", isChecked: true }, { apiServers })).toHaveLength(1);
});

test.each([
  ["a request's time", new DOMException("The operation was aborted due to timeout", "TimeoutError")],
  ["a watch's silence", new DOMException("This operation was aborted", "AbortError")],
])("%s that is over is no status of HTTP, although the error has a number called code", (_name, error) => {
  expect(error.code).toBeGreaterThan(0);
  expect(statusOf(error)).toBeUndefined();
  expect(apiError(error, "https://192.0.2.1:6443").message).toBe(
    "the Kubernetes API https://192.0.2.1:6443 did not answer in time",
  );
});

test("an answer has a status", () => {
  const answer = Object.assign(new Error("HTTP-Code: 403"), { code: 403, headers: {}, body: "" });
  expect(statusOf(answer)).toBe(403);
});
