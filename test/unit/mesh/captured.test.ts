import { expect, test } from "vitest";
import { capturedWarnings } from "../../../src/mesh/captured.ts";
import { address, endpoint, key, prefix } from "./values.ts";

const networks = ["192.168.1.0/24", "203.0.113.0/24", "192.168.9.1/32"].map(prefix);
const around = { networks, doubtful: [], answered: undefined };
const off = { allowLocalMachineBypass: false };
const on = { allowLocalMachineBypass: true };
const peer = (...granted: string[]) => ({
  nodeId: "id3",
  label: "c",
  publicKey: key(3),
  allowedIPs: granted.map(prefix),
});
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
const elsewhere = connected("198.51.100.3:51820");
const has =
  "has 192.168.1.10, inside 192.168.1.0/24, a network of this node, and is connected at 198.51.100.3:51820: what is " +
  "sent to 192.168.1.10 ";

test("a peer elsewhere with an address of a private network around is warned of, and what to do: two cures", () => {
  expect(capturedWarnings([peer("192.168.1.10/32")], elsewhere, around, off)).toEqual([
    {
      who: "peer c",
      what:
        `${has}goes there. If another machine here has that address, name it in localNetworks; or set ` +
        "allowLocalMachineBypass, and who answers for such an address gets what is sent there, in clear",
    },
  ]);
});

test("where the operator lets machines around answer, the warning stays as long as none does", () => {
  const [warning] = capturedWarnings([peer("192.168.1.10/32")], elsewhere, around, on);
  expect(warning?.what).toMatch(
    /goes there\. Should another machine here .* name it in localNetworks to be sure$/,
  );
});

test("and as long as one does, with the link on which what is sent there is in clear", () => {
  const doubtful = {
    nodeId: "id3",
    publicKey: key(3),
    address: address("192.168.1.10"),
    link: "eth0",
    endpoint: endpoint("198.51.100.3:51820"),
  };
  const yields = { networks, doubtful: [doubtful], answered: new Set([address("192.168.1.10")]) };
  const [warning] = capturedWarnings([peer()], elsewhere, yields, on);
  expect(warning?.what).toContain(`${has}leaves in clear on eth0, where another machine answers for it`);
  expect(capturedWarnings([peer()], elsewhere, { ...yields, answered: new Set() }, on)).toEqual([]);
});

test.each([
  ["is connected in that network", peer("192.168.1.10/32"), connected("192.168.1.10:51820")],
  ["is not connected", peer("192.168.1.10/32"), { peers: new Map() }],
  ["has an address of a public network around", peer("203.0.113.9/32"), elsewhere],
  ["has one of a network elsewhere", peer("192.168.2.10/32"), elsewhere],
  ["is behind a network, and not in it", peer("192.168.1.0/25"), elsewhere],
])("a peer that %s is not", (_case, one, device) => {
  expect(capturedWarnings([one], device, around, off)).toEqual([]);
});

test("many are a few warnings", () => {
  const many = Array.from({ length: 9 }, () => peer("192.168.1.10/32"));
  expect(capturedWarnings(many, elsewhere, around, off)).toHaveLength(6);
});
