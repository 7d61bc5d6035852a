import { observeBarrier } from "../../../src/barrier/effects/index.ts";
import { KubespanError } from "../../../src/base/index.ts";
import { observeTable } from "../../../src/nftables/effects/index.ts";
import { observeLinks, observeRouting, observeSysctls } from "../../../src/routing/effects/index.ts";
import type { ReadSetting, Runner } from "../../../src/system/index.ts";
import { observeDevice } from "../../../src/wireguard/effects/index.ts";
import type { ObservedPeer } from "../../../src/wireguard/index.ts";
import { meshLink, presharedKey, privateKey } from "./values.ts";

const marks = { fromWireGuard: 0x20, toWireGuard: 0x40 };
const scope = { interfaceName: meshLink, table: 180, priority: 32_500, marks };

/** What our own readers see of a kernel, as plain values; what differs from machine to machine is left out. */
export async function observed(run: Runner, read: ReadSetting): Promise<Readonly<Record<string, unknown>>> {
  const links = await observeLinks(run);
  const [routing, table, sysctls, barrier] = await Promise.all([
    observeRouting(run, scope, links, read),
    observeTable(run, meshLink),
    observeSysctls(meshLink, links, read),
    observeBarrier(run, { interfaceName: meshLink, marks }, links),
  ]);
  return {
    links,
    ...routing,
    ipv4Routing: withoutTexts(routing.ipv4Routing),
    ipv6Routing: withoutTexts(routing.ipv6Routing),
    table:
      table.kind === "present"
        ? { frame: table.frame, elements: sorted(table.elements) }
        : { kind: table.kind },
    settings: Object.fromEntries(sysctls.values),
    barrier:
      barrier.kind === "seen"
        ? barrier.links.map((link) => ({ ...link, programs: Object.fromEntries(link.programs) }))
        : barrier,
    device: links.some(({ name }) => name === meshLink) ? await seenDevice(run) : "none",
  };
}

/** As the tools print rules and routes; versions differ in what they tell besides. */
const withoutTexts = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, each) => (key === "text" ? undefined : each)));

const sorted = (elements: ReadonlyMap<string, readonly string[]>): unknown =>
  Object.fromEntries([...elements].map(([set, list]) => [set, list.toSorted()]));

async function seenDevice(run: Runner): Promise<unknown> {
  const device = await observeDevice(run, meshLink);
  return {
    isOurKey: device.privateKey?.equals(privateKey) ?? false,
    listenPort: device.listenPort,
    firewallMark: device.firewallMark,
    peers: [...device.peers.values()].sort(byKey).map((peer) => ({
      publicKey: peer.publicKey,
      isShared: peer.presharedKey?.equals(presharedKey) ?? false,
      endpoint: peer.endpoint,
      allowedIPs: peer.allowedIPs,
      keepaliveSeconds: peer.keepaliveSeconds,
    })),
  };
}

/** wireguard-go has no order. */
const byKey = (left: ObservedPeer, right: ObservedPeer): number =>
  left.publicKey < right.publicKey ? -1 : 1;

/** Whether the commands failed, whatever the complaint. */
export async function outcomeOf(
  run: Runner,
  commands: readonly Parameters<Runner>[0][],
): Promise<"done" | "failed"> {
  try {
    for (const command of commands) await run(command);
    return "done";
  } catch (error) {
    if (error instanceof KubespanError) return "failed";
    throw error;
  }
}

/** What is another than before, by name: so that a list of steps is readable. */
export const changed = (
  before: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(now).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])),
  );
