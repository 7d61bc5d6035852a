import { release } from "node:os";
import { errorText, parseCapabilities, versionIn } from "../../base/index.ts";
import { observeCni } from "../../cni/effects/index.ts";
import type { Config } from "../../config/index.ts";
import { scanForOthers } from "../../marks/effects/index.ts";
import { aheadWarnings } from "../../marks/index.ts";
import { relayTablesOf } from "../../relay/index.ts";
import { observeHostLinks, observeRouting } from "../../routing/effects/index.ts";
import { type Link, linksBelow, meshMTU, ownAddresses, type RoutingScope } from "../../routing/index.ts";
import { deviceProblem, eachLineSoon, exists, probe, run } from "../../system/index.ts";
import { kernelHasWireGuard } from "../../wireguard/effects/index.ts";
import {
  type Facts,
  linksOfRoutes,
  linksWithPort,
  type Observed,
  type PortFact,
  parseListeners,
  parseRelayMap,
  type RoutingFact,
  type Settings,
  type ToolFact,
} from "../index.ts";
import { textOf } from "./files.ts";
import {
  observeClock,
  observeDistribution,
  observeFlavours,
  observeNetworkd,
  observeSysctls,
} from "./host.ts";
import { observeKubernetes } from "./kubernetes.ts";
import { observeRefusals, steeredLast } from "./refusals.ts";
import { observeServices } from "./services.ts";
import { observeConfig, observeIdentity } from "./setup.ts";

const defaultStateDirectory = "/var/lib/kubespan";

/** The default settings, as in docs/configuration.md. */
const defaultSettings: Omit<Settings, "mtu"> = {
  interfaceName: "kubespan",
  listenPort: 51820,
  wireguard: "auto",
  table: 180,
  priority: 32500,
  marks: { fromWireGuard: 0x20, toWireGuard: 0x40 },
  networks: [],
  advertises: false,
  advertisesPods: false,
  localNetworks: [],
  hasMainRoutes: false,
  relays: false,
};

/** A table with a chain like ours that translates sources. `nft --check` asks the kernel for it, and makes nothing. */
const natChain =
  "table inet kubespan_check { chain nat { type nat hook postrouting priority 120; masquerade; }; }";

const settingsOf = (config: Config): Omit<Settings, "mtu"> => ({
  interfaceName: config.interfaceName,
  listenPort: config.listenPort,
  wireguard: config.wireguard,
  table: config.routing.table,
  priority: config.routing.priority,
  marks: config.marks,
  networks: config.advertisedPrefixes,
  advertises: config.advertisedPrefixes.length > 0 || config.advertiseKubernetesNetworks,
  advertisesPods: config.advertiseKubernetesNetworks,
  localNetworks: config.localNetworks,
  hasMainRoutes: config.podNetworks.mainTable,
  relays: config.relay.serve === true,
});

/** Gathers all facts and changes nothing. A fact that cannot be had is a fact of its own, so this does not throw. */
export async function gatherFacts(configFile: string): Promise<Facts> {
  const { config, fact } = await observeConfig(configFile);
  const configured = config ? settingsOf(config) : defaultSettings;
  const stateDirectory = config?.stateDirectory ?? defaultStateDirectory;
  const links = await observed(() => observeHostLinks(run, configured.interfaceName));
  const settings = { ...configured, mtu: mtuFor(config, configured.interfaceName, links) };
  const uplinks = await observeUplinks();
  const { interfaceName, table, priority, marks } = settings;
  const ours = { interfaceName, table, priority, marks };
  const passage = {
    interfaceName,
    listenPort: settings.listenPort,
    networks: settings.networks,
    forwards: settings.advertises,
    relays: settings.relays,
  };
  const identified = observeIdentity(stateDirectory);
  const [
    distribution,
    flavours,
    identity,
    nft,
    nat,
    sysctls,
    tools,
    port,
    routing,
    scan,
    clock,
    cni,
    registries,
    refusals,
    relayMaps,
    steered,
  ] = await Promise.all([
    observeDistribution(),
    observeFlavours(),
    identified,
    probe("nft", "list", "tables"),
    probe("nft", "--check", natChain),
    observeSysctls(linkNames(links)),
    Promise.all(toolNames.map(observeTool)),
    observePort(settings),
    observed(() => observeForeignRouting(ours, "value" in links ? links.value : [])),
    scanForOthers(run, ours, passage, eachLineSoon),
    observeClock(),
    observeCni(run, "value" in links ? links.value : []),
    Promise.all([
      identified.then((own) => observeServices(config, "nodeId" in own ? own.nodeId : undefined)),
      observeKubernetes(config),
    ]),
    observed(() => observeRefusals(stateDirectory, table)),
    observeRelayMaps(interfaceName),
    steeredLast(stateDirectory),
  ]);
  const tunProblem = await deviceProblem("/dev/net/tun");
  return {
    distribution,
    flavours,
    configFile,
    config: fact,
    settings,
    stateDirectory,
    identity,
    userId: process.geteuid?.() ?? -1,
    capabilities: await observeCapabilities(),
    kernel: {
      release: release(),
      wireguard: await observeKernelWireGuard(),
      ...(tunProblem !== undefined && { tunProblem }),
    },
    ...(!nat.succeeded && { natProblem: { unknown: nat.complaint, isLate: nat.isLate } }),
    nftTables: nft.succeeded
      ? { value: nft.stdout.split("\n").filter((line) => line.startsWith("table ")).length }
      : { unknown: nft.complaint, isLate: nft.isLate },
    sysctls,
    tools,
    links,
    uplinks,
    port,
    routing,
    others: scan,
    firewall: scan.blocks,
    refusals,
    relayMaps,
    clock,
    cni,
    steered,
    services: registries.flat(),
    networkdTakesRules: await observeNetworkd(),
  };
}

/** The MTU in bytes that the daemon would give its link. */
function mtuFor(config: Config | undefined, interfaceName: string, links: Observed<readonly Link[]>): number {
  const others = "value" in links ? linksBelow(links.value, interfaceName) : [];
  const { usable } = ownAddresses(others, {
    interfaceName,
    advertisedPrefixes: config?.advertisedPrefixes ?? [],
  });
  return meshMTU(config?.mtu ?? "auto", others, usable);
}

async function observed<Value>(look: () => Promise<Value>): Promise<Observed<Value>> {
  try {
    return { value: await look() };
  } catch (error) {
    return { unknown: errorText(error) };
  }
}

const linkNames = (links: Observed<readonly Link[]>): string[] =>
  "value" in links ? links.value.map(({ name }) => name) : [];

const toolNames = ["nft", "ip", "wg", "wireguard-go", "setpriv", "sysctl"] as const;

async function observeTool(name: (typeof toolNames)[number]): Promise<ToolFact> {
  const answer = await probe(name, name === "ip" ? "-V" : "--version");
  const version = versionIn(`${answer.stdout}\n${answer.succeeded ? "" : answer.complaint}`);
  return { name, isInstalled: answer.isInstalled, ...(version !== undefined && { version }) };
}

async function observeCapabilities(): Promise<Facts["capabilities"]> {
  const value = parseCapabilities((await textOf("/proc/self/status")) ?? "");
  return value === undefined ? { unknown: "/proc/self/status does not tell" } : { value };
}

async function observeKernelWireGuard(): Promise<Facts["kernel"]["wireguard"]> {
  if (await exists("/sys/module/wireguard")) return "present";
  const loadable = await observed(kernelHasWireGuard);
  if ("unknown" in loadable) return "unknown";
  return loadable.value ? "loadable" : "none";
}

/** Reads how full the maps of a relay are. Where there is no table, or nft cannot tell, there is nothing to say. */
async function observeRelayMaps(interfaceName: string): Promise<Facts["relayMaps"]> {
  const tables = Object.values(relayTablesOf(interfaceName));
  const found = await Promise.all(
    tables.map(async (table) => {
      const { stdout } = await probe("nft", "list", "map", ...table.split(" "), "addresses");
      return parseRelayMap(table, stdout) ?? [];
    }),
  );
  return found.flat();
}

async function observeUplinks(): Promise<string[]> {
  const answers = await Promise.all(
    ["-4", "-6"].map((family) => probe("ip", family, "-j", "route", "show", "default")),
  );
  return [...new Set(answers.flatMap(({ stdout }) => linksOfRoutes(stdout)))];
}

async function observePort({ listenPort }: Settings): Promise<Observed<PortFact>> {
  const [sockets, ports] = await Promise.all([
    probe("ss", "-H", "-u", "-a", "-n", "-p"), // a socket that is connected holds its port, too
    probe("wg", "show", "all", "listen-port"),
  ]);
  const silent = [sockets, ...(ports.isLate ? [ports] : [])].find(({ succeeded }) => !succeeded);
  if (silent) return { unknown: silent.complaint };
  const wireguardLinks = linksWithPort(ports.stdout, listenPort);
  return { value: { ...parseListeners(sockets.stdout, listenPort), wireguardLinks } };
}

async function observeForeignRouting(ours: RoutingScope, links: readonly Link[]): Promise<RoutingFact> {
  const found = await observeRouting(run, ours, links);
  const { ipv4Routing, ipv6Routing } = found;
  const families = [ipv4Routing, ipv6Routing];
  return {
    ahead: aheadWarnings(found),
    foreignRules: families.flatMap(({ rules }) => rules.filter((rule) => !rule.ours).map(({ text }) => text)),
    foreignRoutes: families.flatMap(({ routes }) =>
      routes.filter((route) => route.interfaceName !== ours.interfaceName).map(({ text }) => text),
    ),
  };
}
