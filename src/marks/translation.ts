import type { Ours } from "./warning.ts";

/**
 * Whether a rule in the place where sources are translated catches the packets of the mesh: one that asks for nothing, or
 * for the mesh's link. Narrower ones (of a container network, for a marked packet) are the trade of those who made them.
 */
export function nftTranslates(rule: string, { interfaceName }: Ours): boolean {
  const plain = rule.replace(/ ?comment "[^"]*"/, "").replace(/counter packets \d+ bytes \d+ /, "");
  const [, link] = /^(?:oifname "([^"]*)" )?(?:masquerade|snat)\b/.exec(plain) ?? ["", ""];
  return link === undefined || link === interfaceName;
}

/** The same in the words of `iptables-save`; only of the chain that everything passes. */
export function iptablesTranslates(rule: string, { interfaceName }: Ours): boolean {
  const plain = rule.replace(/ -m comment --comment (?:"(?:[^"\\]|\\.)*"|\S+)/g, "");
  const [, link] = /^-A POSTROUTING (?:-o (\S+) )?-j (?:MASQUERADE|SNAT)\b/.exec(plain) ?? ["", ""];
  return link === undefined || link === interfaceName;
}
