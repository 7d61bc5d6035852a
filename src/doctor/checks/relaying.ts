import type { Facts } from "../facts.ts";
import type { Finding } from "../finding.ts";

const nearlyFull = 0.8;

/** Checks the room in the maps of a relay. Where they are full, handshakes are passed on, and the data after them is not. */
export const checkRelaying = ({ relayMaps }: Facts): Finding[] =>
  relayMaps.map(({ table, entries, most }): Finding => {
    const id = "relay.maps";
    const evidence = `${entries} of at most ${most} entries in ${table}`;
    if (entries < most * nearlyFull)
      return { id, severity: "ok", text: "there is room for what this node relays", evidence };
    return {
      id,
      severity: "warning",
      text: "the maps for relaying are nearly full: when they are, new sessions of the pairs that need this node fail",
      evidence,
      fix: { advice: "let other nodes relay, too, or raise relay.maxPairs, to which the maps are made" },
    };
  });
