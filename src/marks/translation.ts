import type { Ours } from "./warning.ts";

/**
 * Tells whether a rule in a chain that translates sources catches the packets of the mesh, because it has no condition,
 * or because it names the mesh's link. Narrower rules, such as those for a container network or a marked packet, are
 * deliberate.
 */
export function nftTranslates(rule: string, { interfaceName }: Ours): boolean {
  const plain = rule.replace(/ ?comment "[^"]*"/, "").replace(/counter packets \d+ bytes \d+ /, "");
  const [, link] = /^(?:oifname "([^"]*)" )?(?:masquerade|snat)\b/.exec(plain) ?? ["", ""];
  return link === undefined || link === interfaceName;
}

/** Tells the same as `nftTranslates` for a rule of `iptables-save`, in the chain that every packet passes. */
export function iptablesTranslates(rule: string, { interfaceName }: Ours): boolean {
  const plain = rule.replace(/ -m comment --comment (?:"(?:[^"\\]|\\.)*"|\S+)/g, "");
  const [, link] = /^-A POSTROUTING (?:-o (\S+) )?-j (?:MASQUERADE|SNAT)\b/.exec(plain) ?? ["", ""];
  return link === undefined || link === interfaceName;
}
