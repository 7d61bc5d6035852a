import { readdir } from "node:fs/promises";
import type { Prefix } from "../../net/index.ts";
import { isContainerLink, isOutward, type Link } from "../../routing/index.ts";
import { eachLine, type Runner, readTextFile } from "../../system/index.ts";
import {
  type CniFacts,
  ciliumLink,
  cniProgramsIn,
  flannelNetworks,
  hostLocalRanges,
  isOfOwnPods,
  type LoadedProgram,
  linksWithFilters,
  type MainRoute,
  parseMainRoute,
  readCilium,
  redirectsIn,
} from "../index.ts";

const configurations = "/etc/cni/net.d";
const flannelFile = "/run/flannel/subnet.env";
const ciliumFolder = "/run/cilium/state";
/** The folder in which Cilium pins programs that `tc` does not show (tcx). */
const pinFolder = "/sys/fs/bpf/cilium/devices";
/** The largest number of links at which filters are read. A CNI treats all pods alike. */
const mostLinks = 32;
/** The largest number of routes that are kept. */
const mostRoutes = 4096;

/** Looks at what CNI plug-ins made on this node, and changes nothing. Never rejects: what cannot be read is not found. */
export async function observeCni(run: Runner, links: readonly Link[]): Promise<CniFacts> {
  const names = links.map(({ name }) => name);
  const uplinks = links.filter(leadsOut).map(({ name }) => name);
  const [filters, pinned, routes, ranges, flannels, cilium] = await Promise.all([
    observeFilters(run, uplinks),
    readdir(pinFolder).catch(() => []), // the folder exists where Cilium uses tcx
    observeRoutes(),
    observeRanges(),
    textOf(flannelFile).then((text) => flannelNetworks(text ?? "")),
    names.includes(ciliumLink) ? observeCilium() : undefined,
  ]);
  const byPin = pinned
    .filter((link) => names.includes(link))
    .map((link): LoadedProgram => ({ link, program: `${pinFolder}/${link}` }));
  return {
    ...(cilium && { cilium }),
    ...(flannels.length > 0 && {
      flannel: { networks: flannels, hasTunnel: names.some((name) => name.startsWith("flannel")) },
    }),
    hasCalico: names.some((name) => /^(?:cali[0-9a-f]|vxlan(?:-v6)?\.calico$)/.test(name)),
    programs: [...filters.programs, ...byPin],
    redirects: filters.redirects,
    routes,
    ranges: [...ranges, ...flannels],
    uplinks,
  };
}

/** Whether packets leave this node by a link. A pod's link may look like an uplink, and has no default route. */
const leadsOut = (link: Link): boolean =>
  isOutward(link) && (link.leadsOut !== false || link.kind !== "veth") && !isContainerLink(link.name);

async function observeFilters(
  run: Runner,
  uplinks: readonly string[],
): Promise<Pick<CniFacts, "programs" | "redirects">> {
  const tc = (...args: string[]): Promise<string> => run({ program: "tc", args }).catch(() => "");
  const found = linksWithFilters(await tc("qdisc", "show"));
  const ordered = [...found.filter((name) => uplinks.includes(name)), ...found];
  const programs: LoadedProgram[] = [];
  const redirects: CniFacts["redirects"][number][] = [];
  for (const link of [...new Set(ordered)].slice(0, mostLinks)) {
    const text = await tc("filter", "show", "dev", link, "ingress");
    programs.push(...cniProgramsIn(text).map((program) => ({ link, program })));
    redirects.push(...redirectsIn(link, text));
  }
  return { programs, redirects };
}

/** Reads the main table line by line, as a router may have a million routes, and keeps those that matter. */
async function observeRoutes(): Promise<MainRoute[]> {
  const routes: MainRoute[] = [];
  for (const family of ["-4", "-6"])
    await eachLine("ip", [family, "-o", "-N", "route", "show", "table", "254"], (line) => {
      if (routes.length >= mostRoutes) return;
      const route = parseMainRoute(line);
      if (route && (route.gateway !== undefined || isOfOwnPods(route))) routes.push(route);
    }).catch(() => undefined);
  return routes;
}

/** The largest number of files of CNI configurations that are read. */
const mostFiles = 16;

async function observeRanges(): Promise<Prefix[]> {
  const names = await readdir(configurations).catch(() => []); // without CNI there is no such folder
  const files = names
    .filter((name) => /\.(?:conflist|conf|json)$/.test(name))
    .toSorted()
    .slice(0, mostFiles);
  const lists = await Promise.all(files.map((name) => textOf(`${configurations}/${name}`)));
  return lists.flatMap((text) => (text === undefined ? [] : hostLocalRanges(text)));
}

const observeCilium = async (): Promise<CniFacts["cilium"]> =>
  readCilium({
    header: await textOf(`${ciliumFolder}/globals/node_config.h`),
    runtime: await textOf(`${ciliumFolder}/agent-runtime-config.json`),
  });

const textOf = (path: string): Promise<string | undefined> =>
  readTextFile(path, { largest: 4 * 1024 * 1024, code: "config", hint: "" }).then(
    (file) => file?.text,
    () => undefined,
  );
