import { z } from "zod";
import { wordOf } from "../base/index.ts";
import { decodeKey } from "../identity/index.ts";
import { parseAddressPort } from "../net/index.ts";
import { bounds, noticePort } from "./bounds.ts";
import { type LogDestination, logLevels, type MachineType, type RelayConfig } from "./config.ts";
import { dial } from "./dial.ts";
import { parseEndpointFilter } from "./endpoint-filter.ts";
import { extraEndpoint } from "./extra-endpoint.ts";
import {
  absolutePath,
  exactly,
  key,
  listOf,
  matchingText,
  namedValues,
  oneOf,
  parsedText,
  port,
  prefix,
  routablePrefix,
  section,
  trueOrFalse,
  wholeNumber,
} from "./fields.ts";
import { metrics } from "./metrics.ts";
import { mtu } from "./mtu.ts";
import { usualStateDirectory } from "./named-folders.ts";
import { parseProxy, proxyForm } from "./proxy.ts";
import { parseAnyServiceURL, parseServiceURL, parseStunServer } from "./service-url.ts";

/**
 * The longest path of the run folder: a Unix socket's path has at most 107 bytes, of which `/kubespan.sock` takes 14.
 */
const longestRunDirectory = 93;

const kind = <const K extends string, T extends z.ZodRawShape>(name: K, shape: T) =>
  section({ apiVersion: exactly("v1alpha1"), kind: exactly(name), ...shape });

const endpointFilter = parsedText(
  "a prefix such as 0.0.0.0/0, or one to leave out such as !192.168.0.0/16",
  parseEndpointFilter,
);

/** The largest number of API servers, which is more than the control planes of a cluster. */
const mostAPIServers = 16;

const apiServer = parsedText("an API server such as https://192.0.2.1:6443", parseServiceURL);

/** Talos takes any name; what is longer is no name to read. */
const serviceName = matchingText(
  "a name of at most 256 letters, digits and other visible characters",
  /^(?! )[^\p{C}\p{Zl}\p{Zp}]{1,256}$/u,
);

/** The name of the link. `all` and `default` are refused, as they mean every link to sysctl. */
const interfaceName = parsedText(
  "a name of at most 15 letters, digits, '_' and '-' that begins with a letter and is not lo, all or default",
  (text) =>
    /^[A-Za-z][A-Za-z0-9_-]{0,14}$/.test(text) && !["lo", "all", "default"].includes(text) ? text : undefined,
);

/**
 * The number of the routing table. The kernel and every distribution use default, main and local (253 to 255)
 * themselves.
 */
const routingTable = wholeNumber(1, 2 ** 32 - 1).refine((table) => ![253, 254, 255].includes(table), {
  error:
    "is one of the system's own tables (253, 254, 255); expected a table that nothing else uses, such as 180",
});

/** Mark bits are a YAML number such as 0x20, or the text `"0x20"`. */
const markBits = z
  .preprocess(
    (input) => (typeof input === "string" && input.startsWith("0x") ? (wordOf(input) ?? input) : input),
    z.number({ error: "is not a number; expected one or more bits of the packet mark, such as 0x20" }),
  )
  .refine((bits) => wordOf(bits) !== undefined && bits >= 1, {
    error: "is out of range; expected one or more bits of the packet mark, 0x1 to 0xffffffff",
  });

const listenPort = port().refine((number) => number !== noticePort, {
  error: `is ${noticePort}, on which members tell each other things in the tunnel; expected another port`,
});

const marks = section({ fromWireGuard: markBits.default(0x20), toWireGuard: markBits.default(0x40) }).refine(
  ({ fromWireGuard, toWireGuard }) => (fromWireGuard & toWireGuard) === 0,
  { error: "overlap; expected fromWireGuard and toWireGuard to have no bit in common" },
);

/** Talos calls the control plane on which etcd begins `init`. */
export const machineTypes = oneOf(["controlplane", "init", "worker", "unknown"]).transform(
  (type): MachineType => (type === "init" ? "controlplane" : type),
);

const logDestination = parsedText(
  "tcp://ADDRESS:PORT or udp://ADDRESS:PORT",
  (text): LogDestination | undefined => {
    const [, protocol, at = ""] = /^(tcp|udp):\/\/([^/]+)\/?$/.exec(text) ?? [];
    const place = parseAddressPort(at);
    return place && protocol ? { protocol: protocol === "tcp" ? "tcp" : "udp", ...place } : undefined;
  },
);

const node = section({
  name: matchingText(
    "a Kubernetes node name (small letters, digits, '-' and '.')",
    /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/,
  ).optional(),
  machineType: machineTypes.default("unknown"),
  apiServerPort: port().optional(),
}).refine(({ machineType, apiServerPort }) => apiServerPort === undefined || machineType === "controlplane", {
  path: ["apiServerPort"],
  error: "is for control planes only; remove it, or set machineType: controlplane",
});

/** Talos takes any text; so many bytes are the most that a discovery service accepts. */
const clusterId = parsedText(
  "the id that all nodes of the cluster share, of at most 256 bytes, as 'kubespan gen config' makes",
  (text) =>
    Buffer.byteLength(text) <= 256 && /^[^\p{C}\p{Zl}\p{Zp}]+$/u.test(text) && text.trim() !== ""
      ? text
      : undefined,
);

/** The key is public, but the message does not show it: it may be the private one by mistake. */
const operatorKey = z
  .string({ error: "is not text; expected the public key of an operator" })
  .transform((text, context) => {
    const bytes = decodeKey(text);
    if (bytes) return Buffer.from(bytes).toString("base64");
    const message =
      "is not valid; expected the public key of an operator, as 'kubespan gen operator-key' prints it";
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });

/** The proxy of the registries. The message never shows the URL, which may hold a password. */
const proxyURL = z
  .string({ error: `is not text; expected ${proxyForm}, or none` })
  .transform((text, context) => {
    const proxy = text === "none" ? text : parseProxy(text);
    if (proxy) return proxy;
    context.addIssue({ code: "custom", message: `is not valid; expected ${proxyForm}, or none` });
    return z.NEVER;
  });

const proxy = section({
  url: proxyURL.optional(),
  except: listOf(
    matchingText("a name, an address, a network, or *, as in NO_PROXY", /^[A-Za-z0-9.:[\]/*_-]{1,300}$/),
    "servers that are reached directly",
  ),
}).refine(({ url, except }) => except.length === 0 || (url !== undefined && url !== "none"), {
  path: ["except"],
  error: "needs url: for the proxies of the environment, set NO_PROXY there",
});

/** The largest numbers are what one machine can carry at all. */
const relay = section({
  serve: z
    .preprocess(
      (input) => (typeof input === "boolean" ? String(input) : input),
      oneOf(["auto", "true", "false"]),
    )
    .default("auto")
    .transform((serve): RelayConfig["serve"] => (serve === "auto" ? serve : serve === "true")),
  use: trueOrFalse().default(true),
  service: trueOrFalse().default(true),
  maxPairs: wholeNumber(1, 10_000).default(1000),
  maxBytesPerSecond: wholeNumber(10_000, 2_000_000_000).default(12_500_000),
});

/** Tells whether two texts hold one key, whatever their alphabet and padding. */
const sameKey = (left: string, right: string): boolean =>
  Buffer.from(left, "base64").equals(Buffer.from(right, "base64"));

/** The kinds of documents that a file may hold, by name. All kinds but the last are those of Talos. */
export const schemas = {
  KubeSpanConfig: kind("KubeSpanConfig", {
    enabled: trueOrFalse().default(false),
    advertiseKubernetesNetworks: trueOrFalse().default(false),
    allowDownPeerBypass: trueOrFalse().default(false),
    harvestExtraEndpoints: trueOrFalse().default(true),
    mtu: mtu.default("auto"),
    filters: section({
      endpoints: listOf(endpointFilter, "prefixes"),
      peerEndpoints: listOf(endpointFilter, "prefixes"),
      excludeAdvertisedNetworks: listOf(prefix(), "prefixes", bounds.excluded),
    }).prefault({}),
  }),
  KubeSpanEndpointsConfig: kind("KubeSpanEndpointsConfig", {
    extraAnnouncedEndpoints: listOf(extraEndpoint, "endpoints", 64), // a discovery service keeps no more
  }),
  DiscoveryIdentityConfig: kind("DiscoveryIdentityConfig", {
    clusterID: clusterId,
    clusterSecret: z.preprocess(
      // Line ends count for nothing in base64, as Talos reads it: a block of YAML has one.
      (input) => (typeof input === "string" ? input.replaceAll(/[\r\n]/g, "") : input),
      key("the secret that all nodes of the cluster share"),
    ),
  }).refine(({ clusterID, clusterSecret }) => !sameKey(clusterID, clusterSecret), {
    path: ["clusterSecret"],
    error: "is the same as clusterID, which is sent to the discovery service; expected a value of its own",
  }),
  DiscoveryServiceConfig: kind("DiscoveryServiceConfig", {
    name: serviceName,
    endpoint: parsedText(
      "https://host[:port]/ (TLS, port 443) or http://host[:port]/ (plaintext, port 80)",
      parseAnyServiceURL,
    ),
  }),
  KubeSpanDaemonConfig: kind("KubeSpanDaemonConfig", {
    interfaceName: interfaceName.default("kubespan"),
    listenPort: listenPort.default(51_820),
    wireguard: oneOf(["auto", "kernel", "userspace"]).default("auto"),
    keepalive: wholeNumber(5, 25).default(25),
    connect: oneOf(["auto", "race", "serial"]).default("auto"),
    dial,
    stateDirectory: absolutePath().default(usualStateDirectory),
    runDirectory: absolutePath(longestRunDirectory).default("/run/kubespan"),
    socketGroup: matchingText("the name of a group", /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/).optional(),
    advertisedPrefixes: listOf(routablePrefix(), "prefixes", bounds.networks),
    nonPodNetworks: listOf(prefix(), "prefixes"),
    localNetworks: listOf(prefix(), "prefixes"),
    allowLocalMachineBypass: trueOrFalse().default(false),
    answerOutside: trueOrFalse().default(true),
    strictIngress: oneOf(["pods", "all", "off"]).default("pods"),
    portMapping: trueOrFalse().default(true),
    portGuessing: trueOrFalse().default(true),
    matrix: trueOrFalse().default(true),
    pathMTU: trueOrFalse().default(true),
    registriesOutside: oneOf(["tls", "all", "off"]).default("tls"),
    podNetworks: section({
      mainTable: trueOrFalse().default(false),
      source: oneOf(["kubernetes", "node"]).default("kubernetes"),
    }).prefault({}),
    routing: section({
      table: routingTable.default(180),
      priority: wholeNumber(1, 32_765).default(32_500), // the rule of the main table has 32766
    }).prefault({}),
    marks: marks.prefault({}),
    widestPrefix: section({
      ipv4: wholeNumber(0, 32).default(8),
      ipv6: wholeNumber(0, 128).default(16),
    }).prefault({}),
    members: section({
      forgetAfterMinutes: wholeNumber(1, 366 * 24 * 60).default(24 * 60),
      nodeDeletion: oneOf(["auto", "believe", "ignore"]).default("auto"),
    }).prefault({}),
    acceptSecrets: listOf(key("a secret that nodes of the cluster share"), "secrets", 2),
    operatorKeys: listOf(operatorKey, "public keys of operators", 8),
    node: node.prefault({}),
    stunServer: parsedText(
      "a STUN server such as stun.example.org, stun.example.org:3478 or [2001:db8::1]:3478",
      parseStunServer,
    ).optional(),
    relay: relay.prefault({}),
    kubernetes: section({
      enabled: trueOrFalse().default(false),
      kubeconfig: absolutePath().optional(),
      apiServers: listOf(apiServer, "API servers", mostAPIServers),
    }).prefault({}),
    proxy: proxy.prefault({}),
    metrics: metrics.prefault({}),
    log: section({
      level: oneOf(logLevels).default("info"),
      format: oneOf(["json", "text"]).default("text"),
      destinations: listOf(logDestination, "destinations", 4),
    }).prefault({}),
    discovery: section({
      announce: parsedText("https://host[:port]/, as other nodes reach the service here", (text) => {
        const location = parseServiceURL(text);
        return location?.tls ? location : undefined;
      }).optional(),
      authority: absolutePath().optional(),
    }).prefault({}),
    serviceCAFiles: namedValues(absolutePath(), "names of discovery services to paths of PEM files"),
  }),
} as const;

export type KindName = keyof typeof schemas;

/** A checked document of a kind, with its defaults filled in. */
export type KindValue<K extends KindName> = z.output<(typeof schemas)[K]>;
