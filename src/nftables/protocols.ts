/** The protocols that rules name, by the numbers that IANA assigned to them. */
const protocols = { icmp: 1, tcp: 6, udp: 17, "ipv6-icmp": 58 } as const;

type Protocol = keyof typeof protocols;

/**
 * A match for packets of some protocols. They are given by number, because nft looks most names up in /etc/protocols,
 * which a small system does not have.
 */
export function protocolMatch(...names: readonly Protocol[]): string {
  const numbers = names.map((name) => protocols[name]).join(", ");
  return `meta l4proto ${names.length === 1 ? numbers : `{ ${numbers} }`}`;
}

const matched = /\bmeta l4proto (?:\{[^}]*\}|\S+)/;
const named = new Map<string, number>(Object.entries(protocols));

/** The line with numbers in the place of protocols, which nft prints by name where it finds the name. */
export const withProtocolNumbers = (line: string): string =>
  line.replace(matched, (match) =>
    match.replace(/(?<=[ {])[a-z][a-z\d-]*/g, (word) => String(named.get(word) ?? word)),
  );
