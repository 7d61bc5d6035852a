import type { FakeKernel } from "./kernel.ts";

/**
 * Gives all that a kernel holds as values that can be compared, without what traffic and time change: counters, handshakes,
 * and where peers that nobody answers for are called.
 */
export function pictureOf({ links, ruleset, devices }: FakeKernel): unknown {
  const { routes, rules } = links.routing;
  return {
    links: [...links.all.values()].map((link) => ({ ...link, index: 0 })).sort(byName),
    routes: routes.map((route) => JSON.stringify(route)).sort(),
    rules: rules.map((rule) => JSON.stringify(rule)).sort(),
    settings: Object.fromEntries(links.settings.values),
    tables: [...ruleset.tables]
      .map(([name, table]) => table.text(name).replace(/packets \d+ bytes \d+/g, ""))
      .sort(),
    devices: [...devices].map(([name, { privateKey, listenPort, firewallMark, peers }]) => ({
      name,
      privateKey: privateKey?.revealBase64(),
      listenPort,
      firewallMark,
      peers: [...peers.values()]
        .map(({ publicKey, presharedKey, allowedIPs, keepaliveSeconds, endpoint, handshakeAt }) => ({
          name: publicKey,
          presharedKey: presharedKey?.revealBase64(),
          allowedIPs: allowedIPs.toSorted(),
          isUp: handshakeAt !== undefined,
          ...(handshakeAt !== undefined && { endpoint, keepaliveSeconds }),
        }))
        .sort(byName),
    })),
  };
}

const byName = (left: { readonly name: string }, right: { readonly name: string }): number =>
  left.name < right.name ? -1 : 1;
