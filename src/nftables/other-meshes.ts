import { hexWord } from "../base/index.ts";
import type { RuleOptions } from "./match.ts";

/**
 * The rules for packets of another mesh's WireGuard. A node may be in both meshes. If each of them took the other's
 * tunnels into its own, a packet would go around in the two without an end.
 */
export const otherTunnelRules = ({ otherMeshes }: RuleOptions, verdict: string): string[] =>
  otherMeshes.map(
    ({ mark, listenPort }) =>
      `meta mark & ${hexWord(mark)} == ${hexWord(mark)} udp sport ${listenPort} ${verdict}`,
  );

/** The rules for packets that leave by the link of another mesh, and therefore not in clear. */
export const otherLinkRules = ({ otherMeshes }: RuleOptions): string[] =>
  otherMeshes.map(({ interfaceName }) => `oifname "${interfaceName}" accept`);

/** The rules for packets that arrive at the port of another mesh's WireGuard. */
export const otherPortRules = ({ otherMeshes }: RuleOptions): string[] =>
  otherMeshes.map(({ listenPort }) => `udp dport ${listenPort} return`);
