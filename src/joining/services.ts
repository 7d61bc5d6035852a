import type { Config, NewService, ServiceConfig } from "../config/index.ts";
import { parseServiceURL } from "../config/index.ts";
import { type HostPort, hostPortText } from "../net/index.ts";
import type { ClusterFiles } from "./files.ts";
import type { TokenService } from "./token.ts";

/** The URL of a service as tokens and new configurations have it. */
export const urlOf = ({ host, port, tls }: Pick<ServiceConfig, "host" | "port" | "tls">): string =>
  `${tls ? "https" : "http"}://${hostPortText({ host, port })}/`;

/** The name of a service in a new configuration: its place, which no other service has. */
const nameOf = (url: string): string => {
  const location = parseServiceURL(url);
  return (location ? hostPortText(location) : url).slice(0, 63);
};

/** The services of a token as a new configuration has them, with the one on this node, if there is one. */
export function newServices(
  services: readonly TokenService[],
  authority: string,
  own: string | undefined,
): NewService[] {
  const all = [...(own === undefined ? [] : [{ url: own, isOurs: true }]), ...services];
  const byName = new Map(all.map((service) => [nameOf(service.url), service] as const));
  return Array.from(byName, ([name, { url, isOurs }]) => ({
    name,
    url,
    ...(isOurs && { caFile: authority }),
  }));
}

/** The services that a token can name, and the names of those that need an authority which a token cannot tell. */
export function tokenServices(
  services: Config["services"],
  authority: string,
): { readonly services: TokenService[]; readonly unnamed: string[] } {
  const isTold = ({ caFile }: ServiceConfig): boolean => caFile === undefined || caFile === authority;
  return {
    services: services
      .filter(isTold)
      .map((service) => ({ url: urlOf(service), isOurs: service.caFile !== undefined })),
    unnamed: services.filter((service) => !isTold(service)).map(({ name }) => name),
  };
}

/** The command line of a discovery service that certifies itself with the key of the cluster's authority. */
export const serveArguments = (
  { host, port }: HostPort,
  { authorityKey }: Pick<ClusterFiles, "authorityKey">,
): string[] => ["--listen", `[::]:${port}`, "--authority", authorityKey, "--name", host];

/** The file in which the service of the packages keeps its memory. */
const snapshot = "/var/lib/kubespan-discovery/snapshot.json";

/** The file from which the unit of the packages has its options. */
export const environmentText = (at: HostPort, files: Pick<ClusterFiles, "authorityKey">): string =>
  [
    "# Written by kubespan; the options of kubespan-discovery.service. See kubespan discovery serve --help.",
    `KUBESPAN_DISCOVERY_OPTIONS="${[...serveArguments(at, files), "--snapshot", snapshot].join(" ")}"`,
    "",
  ].join("\n");

/** The two lines to paste on another node: a command, and the token that it reads. */
export const joinText = (token: string): string => `  kubespan join\n${token}\n`;
