import { afterAll, beforeAll, expect, it } from "vitest";
import { Lab, type LabNode, waitFor } from "../../lab/index.ts";
import { Service } from "../../lab/service.ts";
import { INPUT } from "../../src/base/command.ts";
import { Secret } from "../../src/base/secret.ts";
import { type DesiredPeer, type ObservedDevice, parseDump, planPeers } from "../../src/wireguard/index.ts";
import { endpoint, key, prefix } from "../unit/mesh/values.ts";

/* What wg does with a list of allowed IPs that is longer than an argument may be: the same plans, a real device. */
const link = "wglong";
const presharedKey = new Secret(new Uint8Array(32).fill(201));
let lab: Lab;
let node: LabNode;

beforeAll(async () => {
  lab = await Lab.open();
  node = await lab.node("node");
  await new Service(node.namespace, "device", ["wireguard-go", "-f", link]).start();
  const isThere = (): Promise<boolean> =>
    node.run("wg", "show", link).then(
      () => true,
      () => false,
    );
  await waitFor(isThere, { what: "the device" });
});

afterAll(() => lab.close());

const observe = async (): Promise<ObservedDevice> => parseDump(await node.run("wg", "show", link, "dump"));

async function carryOut(peers: readonly DesiredPeer[]): Promise<ObservedDevice> {
  const device = {
    interfaceName: link,
    implementation: "userspace" as const,
    privateKey: presharedKey,
    presharedKey,
    listenPort: 51820,
    firewallMark: 0x20,
    peers,
  };
  for (const { args, input } of planPeers(device, await observe()).flatMap(({ commands }) => commands)) {
    await node.namespace.write("/run/input", input instanceof Secret ? input.revealBase64() : (input ?? ""));
    await node.run("wg", ...args.map((argument) => (argument === INPUT ? "/run/input" : argument)));
  }
  return observe();
}

/** 210 KB as text. */
const many = Array.from({ length: 9000 }, (_, index) =>
  prefix(`2000:${((index >> 8) + 16).toString(16)}:${((index & 255) + 4096).toString(16)}::/48`),
);
const peers = (allowedIPs: DesiredPeer["allowedIPs"], isDialled = false): DesiredPeer[] => [
  {
    publicKey: key(2),
    label: "long",
    allowedIPs,
    action: isDialled ? { kind: "dial", endpoint: endpoint("192.0.2.2:51820") } : { kind: "keep" },
  },
  { publicKey: key(3), label: "short", allowedIPs: [prefix("10.0.3.0/24")], action: { kind: "keep" } },
];

it("a peer is added with it, changed to another, and back, and the other peers stay as they are", async () => {
  const lists = [many, many.slice(0, 5000), [prefix("10.0.2.0/24")], many];
  for (const [index, list] of lists.entries()) {
    const { peers: held } = await carryOut(peers(list, index === 0));
    expect(new Set(held.get(key(2))?.allowedIPs)).toEqual(new Set(list));
    expect(held.get(key(2))).toMatchObject({ endpoint: "192.0.2.2:51820", keepaliveSeconds: 25 });
    expect(held.get(key(2))?.presharedKey?.equals(presharedKey)).toBe(true);
    expect(held.get(key(3))?.allowedIPs).toEqual(["10.0.3.0/24"]);
  }
});
