import { Secret } from "../base/index.ts";
import {
  type HostPort,
  hostPortText,
  parseAddress,
  parseHostPort,
  parsePrefix,
  prefixContains,
} from "../net/index.ts";

/** An HTTP proxy that connects to servers when it is asked to (CONNECT). */
export interface Proxy extends HostPort {
  /** The user and the password, with a colon between them. */
  readonly credentials?: Secret;
}

/** The proxies through which registries are reached, and the servers that are reached without them. */
export interface Proxies {
  /** The proxy to servers that speak TLS. */
  readonly https?: Proxy;
  /** The proxy to servers that do not. */
  readonly http?: Proxy;
  /** The servers that are reached directly, in the words of NO_PROXY. */
  readonly except: readonly string[];
}

export const noProxies: Proxies = { except: [] };

/** The form of a proxy's URL, for messages. These never quote one, because it may hold a password. */
export const proxyForm = "http://[user:password@]host[:port], with the port 80 if it names none";

const defaultPort = 80;

/** Reads the URL of a proxy; the scheme may be left out. `undefined` for anything else, such as a SOCKS proxy. */
export function parseProxy(text: string): Proxy | undefined {
  const [, userInfo, location = ""] = /^(?:http:\/\/)?(?:([^/@]*)@)?([^/@?#]+)\/?$/i.exec(text.trim()) ?? [];
  const at = parseHostPort(location, defaultPort);
  if (!at || userInfo === undefined) return at;
  try {
    const [user = "", ...password] = userInfo.split(":");
    const parts = [user, password.join(":")].map(decodeURIComponent);
    return { ...at, credentials: new Secret(Buffer.from(parts.join(":"))) };
  } catch {
    return undefined; // a % that encodes nothing
  }
}

/** The name of a proxy in messages, without its password. */
export const proxyText = (proxy: HostPort): string => `http://${hostPortText(proxy)}`;

/** The URL of a proxy with its password, for a client of HTTP. */
export function proxyUrl(proxy: Proxy): string {
  const [user = "", ...password] = credentialsOf(proxy)?.split(":") ?? [];
  const userInfo = [user, password.join(":")].map(encodeURIComponent).join(":");
  return `http://${proxy.credentials ? `${userInfo}@` : ""}${hostPortText(proxy)}/`;
}

/** The user and the password in clear. */
export const credentialsOf = ({ credentials }: Proxy): string | undefined =>
  credentials && Buffer.from(credentials.reveal()).toString();

/** All of the proxies, the passwords too, as text that changes when any of it does. */
export const proxiesKey = ({ https, http, except }: Proxies = noProxies): string =>
  JSON.stringify([https && proxyUrl(https), http && proxyUrl(http), except]);

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxies of the environment. A variable in small letters counts before the one in capitals, as in curl, and an
 * empty one switches the other off. Variables that are not understood are named in `problems`, without their contents.
 */
export function environmentProxies(environment: Environment): {
  readonly proxies: Proxies;
  readonly problems: readonly string[];
} {
  const problems: string[] = [];
  const named = (name: string): { readonly name: string; readonly text: string } => {
    const found = [name, name.toUpperCase()].find((each) => environment[each] !== undefined) ?? name;
    return { name: found, text: environment[found]?.trim() ?? "" };
  };
  const proxy = (scheme: "http" | "https"): Partial<Proxies> => {
    const { name, text } = named(`${scheme}_proxy`);
    const parsed = parseProxy(text);
    if (text !== "" && !parsed)
      problems.push(`${name} in the environment is not used: expected ${proxyForm}`);
    return parsed ? { [scheme]: parsed } : {};
  };
  const except = named("no_proxy").text.split(/[\s,]+/);
  return {
    proxies: { ...proxy("https"), ...proxy("http"), except: except.filter((text) => text !== "") },
    problems,
  };
}

/** The proxy through which a server is reached; `undefined` if it is reached directly. */
export function proxyFor(
  proxies: Proxies | undefined,
  server: HostPort & { readonly tls: boolean },
): Proxy | undefined {
  const proxy = server.tls ? proxies?.https : proxies?.http;
  if (!proxy || isThisMachine(server.host)) return undefined;
  return proxies?.except.some((text) => isExcept(text, server)) ? undefined : proxy;
}

/** Tells whether a host is this machine, which no proxy can reach. */
function isThisMachine(host: string): boolean {
  const address = parseAddress(host);
  const loopback = ["127.0.0.0/8", "::1/128"].flatMap((text) => parsePrefix(text) ?? []);
  return address ? loopback.some((prefix) => prefixContains(prefix, address)) : host === "localhost";
}

/**
 * Tells whether an entry of NO_PROXY is about a server: `*`, an address, a network in CIDR notation, or a name, which
 * stands for all names below it, too, unless it begins with a dot. A port behind it limits the entry to that port. Names
 * are not looked up.
 */
function isExcept(text: string, { host, port }: HostPort): boolean {
  if (text === "*") return true;
  const address = parseAddress(host);
  const network = text.includes("/") ? parsePrefix(text) : undefined;
  if (network) return address !== undefined && prefixContains(network, address);
  const below = /^\*?\.(.+)$/.exec(text)?.[1];
  const bare = parseAddress(text);
  const entry = bare ? { host: bare, port } : parseHostPort(below ?? text, port);
  if (!entry || entry.port !== port) return false;
  const isBelow = address === undefined && host.endsWith(`.${entry.host}`);
  return isBelow || (below === undefined && host === entry.host);
}
