import { isContainerLink } from "../../routing/index.ts";
import type { Facts } from "../facts.ts";
import { type Finding, type Fix, setSysctl } from "../finding.ts";

/** The largest number of links whose own settings are read. */
const mostLinks = 256;
const safeName = /^(?!\.{1,2}$)[\w-]{1,15}$/; // a dot in a name would be a slash in a sysctl

/** The settings that every link has for itself, by which it may differ from what the host says. */
const ofLinks = ["ipv4/forwarding", "ipv6/forwarding", "ipv4/rp_filter", "ipv6/disable_ipv6"] as const;

type Setting = (typeof ofLinks)[number];

const keyOf = (setting: Setting, link: string): string => {
  const [family, name] = setting.split("/");
  return `net/${family}/conf/${link}/${name}`;
};

/** The keys of these settings, for the default of new links and for each of these links. */
export const linkSettings = (links: readonly string[]): string[] =>
  ["default", ...links.filter((link) => safeName.test(link) && link !== "lo").slice(0, mostLinks)].flatMap(
    (link) => ofLinks.map((setting) => keyOf(setting, link)),
  );

/**
 * Checks the settings that each link has for itself. What the host says for all of them is only a default, or one of two
 * values.
 */
export function checkLinkSettings(facts: Facts): Finding[] {
  const { sysctls } = facts;
  const isOn = (key: string): boolean => sysctls.get(key) === "1";
  return [
    ...(isOn("net/ipv4/ip_forward") ? heldBack(facts, "ipv4/forwarding", "IPv4") : []),
    ...(isOn("net/ipv6/conf/all/forwarding") ? heldBack(facts, "ipv6/forwarding", "IPv6") : []),
    ...(isOn("net/ipv4/conf/all/rp_filter") ? [] : strict(facts)),
    ...disabled(facts),
  ];
}

const linksWith = ({ links, sysctls }: Facts, setting: Setting, value: string): string[] =>
  ("value" in links ? links.value : [])
    .filter(({ name, up }) => up && sysctls.get(keyOf(setting, name)) === value)
    .map(({ name }) => name);

/** The finding about links that take no packets for others, though the host forwards. */
function heldBack(facts: Facts, setting: Setting, family: string): Finding[] {
  const found = linksWith(facts, setting, "0");
  const { interfaceName, advertises, relays } = facts.settings;
  const pods = found.filter((name) => name === interfaceName || isContainerLink(name));
  if (found.length === 0) return [];
  const others = found.filter((name) => !pods.includes(name));
  const consequences = [
    ...(pods.length > 0 ? ["pods are cut off"] : []),
    ...(relays && others.length > 0 ? ["this node relays nothing from there (relay.serve)"] : []),
  ];
  const what = `${family} that arrives by ${named(found)} is not forwarded, though the host forwards`;
  return [
    {
      id: `link.${setting.replace("/", "_")}`,
      severity: (pods.length > 0 && advertises) || (relays && others.length > 0) ? "warning" : "note",
      text: `${what}${consequences.length > 0 ? `: ${consequences.join(", and ")}` : ""}`,
      evidence: evidenceOf(setting, found),
      fix: fixOf(setting, found, "1"),
    },
  ];
}

/** The finding about links with a strict reverse-path filter of their own. The mesh's link has the mildest that there is. */
function strict(facts: Facts): Finding[] {
  const { interfaceName, relays } = facts.settings;
  const isLoose = facts.sysctls.get("net/ipv4/conf/all/rp_filter") === "2"; // the greater of both counts
  const found = isLoose
    ? []
    : linksWith(facts, "ipv4/rp_filter", "1").filter((name) => name !== interfaceName);
  if (found.length === 0) return [];
  return [
    {
      id: "link.ipv4_rp_filter",
      severity: relays || found.some((name) => isContainerLink(name)) ? "warning" : "note",
      text: `strict reverse-path filtering on ${named(found)}: what comes in there and is answered another way is dropped${relays ? ", also what this node is to relay" : ""}`,
      evidence: evidenceOf("ipv4/rp_filter", found),
      fix: fixOf("ipv4/rp_filter", found, "2"),
    },
  ];
}

/**
 * The finding about links on which IPv6 is off. Where it was switched off for all of them and on again for one, the mesh
 * carries it there, and its own link has to have it, too.
 */
function disabled(facts: Facts): Finding[] {
  const isOff = facts.sysctls.get("net/ipv6/conf/all/disable_ipv6") === "1";
  const { interfaceName } = facts.settings;
  const without = linksWith(facts, "ipv6/disable_ipv6", "1");
  const isElsewhere = linksWith(facts, "ipv6/disable_ipv6", "0").some((name) => name !== interfaceName);
  const found = isOff ? without.filter((name) => isElsewhere && name === interfaceName) : without;
  if (found.length === 0) return [];
  return [
    {
      id: "link.ipv6_disable_ipv6",
      severity: found.includes(interfaceName) ? "warning" : "note",
      text: `IPv6 is off at ${named(found)}: nothing is reached there over IPv6`,
      evidence: evidenceOf("ipv6/disable_ipv6", found),
      fix: fixOf("ipv6/disable_ipv6", found, "0"),
    },
  ];
}

const mostNamed = 5;

function named(links: readonly string[]): string {
  const more = links.length > mostNamed ? ` and ${links.length - mostNamed} more` : "";
  return `${links.slice(0, mostNamed).join(", ")}${more}`;
}

const dotted = (setting: Setting, link: string): string => keyOf(setting, link).replaceAll("/", ".");

const evidenceOf = (setting: Setting, links: readonly string[]): string =>
  links
    .slice(0, mostNamed)
    .map((link) => dotted(setting, link))
    .join(", ");

/** The remedy for these links and for those that come later, which get the default. */
function fixOf(setting: Setting, links: readonly string[], value: string): Fix {
  const { file } = setSysctl(dotted(setting, "default"), value);
  const keys = ["default", ...links].map((link) => `${dotted(setting, link)}=${value}`);
  return { commands: [`sysctl -w ${keys.join(" ")}`], ...(file && { file }) };
}
