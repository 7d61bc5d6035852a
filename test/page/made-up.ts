import type { PeerReport, Status } from "../../src/api/index.ts";
import { type Address, type Endpoint, parseAddress, parseEndpoint } from "../../src/net/index.ts";
import type { Seen } from "../../src/resources/index.ts";
import { peer, status } from "../unit/cli/status-values.ts";

/** What the page draws from. */
export type Given = Pick<Seen, "status" | "events">;

const endpoint = (text: string): Endpoint => parseEndpoint(text) ?? fail(text);
const address = (text: string): Address => parseAddress(text) ?? fail(text);

function fail(text: string): never {
  throw new Error(`${text} is wrong`);
}

export const given = (peers: readonly PeerReport[], more: Partial<Status> = {}): Given => {
  const base = status();
  return {
    status: status({
      node: { ...base.node, hostname: "fra-control-1" },
      registries: [
        {
          name: "primary",
          location: "https://discovery.example.org/",
          phase: "connected",
          affiliates: peers.length,
          refused: [],
        },
        {
          name: "kubernetes",
          location: "https://192.0.2.10:6443/",
          phase: "connecting",
          error: "connection refused",
          affiliates: 0,
          refused: [],
        },
      ],
      repairs: { table: 2, routing: 0, link: 0, settings: 1 },
      peers,
      ...more,
    }),
    events: [
      { number: 1, at: "2026-01-05T09:12:00.000Z", level: "info", text: "kubespan is running" },
      { number: 2, at: "2026-01-05T09:12:01.000Z", level: "info", text: "a peer is up: fra-worker-2" },
      { number: 3, at: "2026-01-05T09:14:09.000Z", level: "warn", text: "the nft table was restored" },
    ],
  };
};

/** A peer of a site, whose way follows from its number. */
export function peerOf(
  number: number,
  name: string,
  network: string,
  more: Partial<PeerReport> = {},
): PeerReport {
  const at = endpoint(`${network}.${1 + (number % 250)}:51820`);
  const milliseconds = 0.6 + ((number * 37) % 400) / 10;
  return peer(number % 250, {
    publicKey: `${String(number).padStart(43, "k")}=`,
    nodeId: `node${number}`,
    label: name,
    address: address(`fd7f:6ce6:bceb:4502:c458:17ff:fe00:${(number + 1).toString(16)}`),
    endpoint: at,
    candidates: [{ endpoint: at, kind: "public-ipv4", reason: "a public IPv4 address" }],
    way: { kind: "direct" },
    roundTrips: { [at]: milliseconds },
    stateSeconds: 3600 * (1 + (number % 70)),
    handshakeAgeSeconds: 7 + (number % 110),
    receivedBytes: 1024 * 977 * (1 + ((number * 31) % 400)),
    sentBytes: 1024 * 811 * (1 + ((number * 17) % 300)),
    ...more,
  });
}

/** A mesh of four sites, in which one peer is relayed, one carried, one guessed and one down. */
export function smallMesh(): Given {
  const site = (name: string, network: string, first: number, count: number): PeerReport[] =>
    Array.from({ length: count }, (_, index) => peerOf(first + index, `${name}-${index + 1}`, network));
  const [relayed, carried, guessed, down] = [
    { way: { kind: "relayed", via: "fra-worker-2" } },
    { way: { kind: "carried", via: "https://discovery.example.org/" }, roundTrips: {} },
    { way: { kind: "guessed" } },
    {
      state: "down",
      trouble: "no answer to 14 handshakes",
      causes: [
        {
          kind: "no-udp",
          what: "no UDP packet comes back from it",
          cure: "open UDP port 51820 in its firewall",
        },
      ],
    },
  ] satisfies Partial<PeerReport>[];
  return given([
    ...site("fra-worker", "10.20.0", 1, 6),
    ...site("hel-worker", "203.0.113", 20, 5),
    ...site("ash-worker", "198.51.100", 40, 4),
    peerOf(60, "home-1", "192.0.2", relayed),
    peerOf(61, "home-2", "192.0.2", guessed),
    peerOf(62, "hotel", "100.64.9", carried),
    peerOf(63, "attic", "192.0.2", down),
  ]);
}

/** A mesh of a thousand peers in forty sites. */
export const largeMesh = (): Given =>
  given(
    Array.from({ length: 1000 }, (_, index) => {
      const site = index % 40;
      const more: Partial<PeerReport> = index % 97 === 5 ? { state: "down", trouble: "no answer" } : {};
      return peerOf(index, `site${site}-node${index}`, `10.${site}.${Math.floor(index / 250)}`, more);
    }),
  );
