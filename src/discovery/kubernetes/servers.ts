import type { KubernetesConfig } from "../../config/index.ts";
import { parseHostPort } from "../../net/index.ts";
import type { RegistryServer } from "../told.ts";

/** The place of the API, as the credentials name it. */
interface ApiAccess {
  /** The URL of the API. */
  readonly location: string;
  /** Whether the certificate of the API is checked. */
  readonly isChecked: boolean;
}

/**
 * The API servers that this node uses: the one that this daemon asks, and those that the configuration adds. Kubelets and
 * pods ask them, too, and all of that has to work before a mesh can.
 */
export function serversOf(access: ApiAccess, { apiServers = [] }: KubernetesConfig): RegistryServer[] {
  const own = serverOf(access);
  return [...(own ? [own] : []), ...apiServers].map((server) => ({ ...server, clients: "node" }));
}

function serverOf({ location, isChecked }: ApiAccess): Omit<RegistryServer, "clients"> | undefined {
  const url = URL.parse(location);
  if (url?.protocol !== "https:" && url?.protocol !== "http:") return undefined;
  const tls = url.protocol === "https:";
  const at = parseHostPort(url.host, tls ? 443 : 80);
  return at && { ...at, tls: tls && isChecked };
}
