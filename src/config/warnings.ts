import { bitsOf, networkOf, parseAddress, parsePrefix, prefixFamily } from "../net/index.ts";
import type { Config, ServiceConfig } from "./config.ts";

/**
 * What a valid configuration says that can hardly be meant. It is no error: a node that ran with it must not stop at an
 * upgrade.
 */
export function configWarnings(config: Config, text: string): string[] {
  return [
    ...idleStun(config),
    ...contradictions(config),
    ...podNetworksOfNobody(config),
    ...wideLocalNetworks(config),
    ...config.services.flatMap(readableByAll),
    ...hostBits(text),
  ];
}

const idleStun = ({ stun, connect }: Config): string[] =>
  stun && connect === "serial"
    ? [
        "stunServer is not asked with connect: serial, which does not race; set connect: auto, or remove one of them",
      ]
    : [];

const contradictions = ({ dial }: Config): string[] =>
  dial.pin
    .filter((prefix) => dial.forbid.includes(prefix))
    .map((prefix) => `dial.pin and dial.forbid both name ${prefix}: no endpoint there is ever dialled`);

const podNetworksOfNobody = ({ advertiseKubernetesNetworks, kubernetes, podNetworks }: Config): string[] =>
  advertiseKubernetesNetworks && !kubernetes && podNetworks.source === "kubernetes"
    ? [
        "advertiseKubernetesNetworks announces nothing without kubernetes.enabled or podNetworks.source: node in KubeSpanDaemonConfig",
      ]
    : [];

/** The shortest prefixes that one would call the network of a site. */
const widestSite = { 4: 16, 6: 48 } as const;

const wideLocalNetworks = ({ localNetworks }: Config): string[] =>
  localNetworks
    .filter((prefix) => bitsOf(prefix) < widestSite[prefixFamily(prefix)])
    .map(
      (prefix) =>
        `localNetworks has ${prefix}: what is sent there leaves in clear, also to nodes and pods that have addresses in it; ` +
        "name the machines themselves, or their own network",
    );

/** The ends of names that lead nowhere in the public internet. */
const privateNames = /(?:^|\.)(?:localhost|local|lan|internal|intranet|home|corp|test|home\.arpa)$/;

function readableByAll({ name, host, tls }: ServiceConfig): string[] {
  const isPublicName = parseAddress(host) === undefined && host.includes(".") && !privateNames.test(host);
  if (tls || !isPublicName) return [];
  return [
    `discovery service ${name} is reached by http:// at the public name ${host}: whoever is on the way sees which nodes ` +
      "take part, and can cut them off; use https://",
  ];
}

const prefixText = /(?<![\w.:])([0-9a-f.:]{2,45})\/(\d{1,3})(?![\w.:/])/gi;

/** Networks that are written with bits of a host, `10.244.1.5/24`: they are taken as the network that they are in. */
function hostBits(text: string): string[] {
  const lines = text.split("\n").map((line) => line.replace(/(?:^|\s)#.*$/, ""));
  const found = lines
    .flatMap((line) => [...line.matchAll(prefixText)])
    .flatMap(([whole, address = ""]) => {
      const prefix = parsePrefix(whole);
      return prefix === undefined || networkOf(prefix) === parseAddress(address)
        ? []
        : `${whole} is taken as the network ${prefix}: is that meant, or the address alone?`;
    });
  return [...new Set(found)].slice(0, 20);
}
