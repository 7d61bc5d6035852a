import type { Facts } from "../facts.ts";
import type { Finding } from "../finding.ts";

const nearlyFull = 0.8;
const id = "relay.maps";

/**
 * Checks the room in the maps of a relay, of which there is one for each family. Where one is full, handshakes are passed on,
 * and the data after them is not. Maps with room are one finding.
 */
export function checkRelaying({ relayMaps }: Facts): Finding[] {
  if (relayMaps.length === 0) return [];
  const full = relayMaps.filter(({ entries, most }) => entries >= most * nearlyFull);
  if (full.length === 0)
    return [
      { id, severity: "ok", text: "there is room for what this node relays", evidence: evidence(relayMaps) },
    ];
  return [
    {
      id,
      severity: "warning",
      text: "the maps for relaying are nearly full: when they are, new sessions of the pairs that need this node fail",
      evidence: evidence(full),
      fix: { advice: "let other nodes relay, too, or raise relay.maxPairs, to which the maps are made" },
    },
  ];
}

const evidence = (maps: Facts["relayMaps"]): string =>
  maps.map(({ table, entries, most }) => `${entries} of at most ${most} entries in ${table}`).join("\n");
