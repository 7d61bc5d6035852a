import { expect, test } from "vitest";
import { capturedWarnings } from "../../../src/mesh/captured.ts";
import { endpoint, key, prefix } from "./values.ts";

const around = ["192.168.1.0/24", "203.0.113.0/24", "192.168.9.1/32"].map(prefix);
const peer = (...networks: string[]) => ({ label: "c", publicKey: key(3), allowedIPs: networks.map(prefix) });
const connected = (at: string) => ({
  peers: new Map([
    [
      key(3),
      {
        publicKey: key(3),
        endpoint: endpoint(at),
        handshakeAt: 1,
        allowedIPs: [],
        receivedBytes: 0,
        sentBytes: 0,
        keepaliveSeconds: 0,
      },
    ],
  ]),
});

test("a peer elsewhere with an address of a private network around is warned of, and what to do", () => {
  const warnings = capturedWarnings([peer("192.168.1.10/32")], connected("198.51.100.3:51820"), around);
  expect(warnings).toEqual([
    {
      who: "peer c",
      what:
        "has 192.168.1.10, inside 192.168.1.0/24, a network of this node, and is connected at 198.51.100.3:51820: what is " +
        "sent to 192.168.1.10 goes there. If another machine here has that address, name it in localNetworks",
    },
  ]);
});

test.each([
  ["is connected in that network", peer("192.168.1.10/32"), connected("192.168.1.10:51820")],
  ["is not connected", peer("192.168.1.10/32"), { peers: new Map() }],
  ["has an address of a public network around", peer("203.0.113.9/32"), connected("198.51.100.3:51820")],
  ["has one of a network elsewhere", peer("192.168.2.10/32"), connected("198.51.100.3:51820")],
  ["is behind a network, and not in it", peer("192.168.1.0/25"), connected("198.51.100.3:51820")],
])("a peer that %s is not", (_case, one, device) => {
  expect(capturedWarnings([one], device, around)).toEqual([]);
});

test("many are a few warnings", () => {
  const many = Array.from({ length: 9 }, () => peer("192.168.1.10/32"));
  expect(capturedWarnings(many, connected("198.51.100.3:51820"), around)).toHaveLength(6);
});
