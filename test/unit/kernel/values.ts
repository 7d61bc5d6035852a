import { guardedLinks, planSecondBarrier } from "../../../src/barrier/index.ts";
import { Secret, type Step } from "../../../src/base/index.ts";
import { type Prefix, parsePrefix } from "../../../src/net/index.ts";
import type { DesiredTable } from "../../../src/nftables/table.ts";
import type { Link } from "../../../src/routing/index.ts";
import { planPeers } from "../../../src/wireguard/index.ts";
import { frame } from "../nftables/frame.ts";

/** The link of the mesh in the script, and the one by which everything else leaves; behind it is `far0`. */
export const [meshLink, uplink, farLink] = ["kfk0", "eth0", "far0"];

/** Addresses to which a packet is sent after each step: it leaves in clear or not. The last one always does. */
export const probed = [
  "10.244.2.9",
  "192.0.2.77",
  "10.96.0.1",
  "2001:db8:2::1",
  "2001:db8:9::9",
  "203.0.113.9",
];

const prefix = (text: string): Prefix => {
  const found = parsePrefix(text);
  if (found === undefined) throw new Error(`not a network: ${text}`);
  return found;
};

export const privateKey = new Secret(new Uint8Array(32).fill(64));
export const presharedKey = new Secret(new Uint8Array(32).fill(7));
export const keyOf = (number: number): string => Buffer.alloc(32, number + 1).toString("base64");

export const peer = (number: number, ...allowedIPs: string[]) => ({
  publicKey: keyOf(number),
  label: `node-${number}`,
  allowedIPs: allowedIPs.map(prefix),
  action: { kind: "wait" as const },
});
export const peers = (...wanted: ReturnType<typeof peer>[]): Step[] =>
  planPeers(
    {
      interfaceName: meshLink,
      implementation: "userspace",
      privateKey,
      presharedKey,
      listenPort: 51_820,
      firewallMark: 0x20,
      peers: wanted,
    },
    undefined,
  );

export const table: DesiredTable = {
  ...frame,
  interfaceName: meshLink,
  targets: ["10.96.0.0/12", "10.244.2.0/24", "192.0.2.77/32", "2001:db8:2::1/128"].map(prefix),
  pods: [prefix("10.244.2.0/24")],
  own: ["192.0.2.1/32", "2001:db8::1/128"].map(prefix),
};

const uplinkAsSeen: Link = {
  index: 3,
  name: uplink,
  kind: "veth",
  up: true,
  mtu: 1500,
  hardwareAddress: "02:00:00:00:00:03",
  addresses: [],
  isPort: false,
};
const { marks, listenPort } = frame;
export const barrier = planSecondBarrier(
  {
    targets: table.targets,
    marks,
    listenPort,
    interfaceName: meshLink,
    links: guardedLinks([uplinkAsSeen], meshLink),
  },
  { kind: "seen", links: [] },
);
