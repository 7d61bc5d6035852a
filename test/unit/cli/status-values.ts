import type { PeerReport, Status } from "../../../src/api/index.ts";
import { address, endpoint, key } from "../mesh/values.ts";

/** A peer that is up, and was moved. */
export const peer = (number: number, more: Partial<PeerReport> = {}): PeerReport => ({
  nodeId: `id${number}`,
  label: `ip-10-0-1-${number}.eu-central-1.compute.internal`,
  publicKey: key(number),
  address: address(`fd7f:6ce6:bceb:4502:c458:17ff:fef3:${number.toString(16)}`),
  state: "up",
  stateSeconds: 111,
  asked: 0,
  answered: 0,
  heardAgeSeconds: 12,
  handshakeAgeSeconds: 100,
  endpoint: endpoint(number % 2 === 0 ? `203.0.113.${number}:51820` : `[2001:db8:1:2:3:4:5:${number}]:51820`),
  endpointChanges: 1,
  lastEndpointChange: {
    ageSeconds: 5,
    from: endpoint("[2001:db8:1:2:3:4:5:6]:51820"),
    to: endpoint("192.0.2.1:51820"),
    reason: "the peer sends from there",
  },
  candidates: [],
  roundTrips: {},
  refusedCandidates: [{ value: "10.0.0.1:51820", reason: "it is an address of this node" }],
  allowedIPs: [],
  refusedPrefixes: [],
  receivedBytes: 1_234_567_890,
  sentBytes: 98_765,
  ...more,
});

/** The status of a node without peers. */
export const status = (more: Partial<Status> = {}): Status => ({
  work: { state: "working" },
  node: {
    nodeId: "n",
    hostname: "host",
    clusterId: "the-cluster",
    publicKey: key(0),
    address: address("fd7f:6ce6:bceb:4502::1"),
    enabled: true,
    interfaceName: "kubespan",
    listenPort: 51820,
    implementation: "kernel",
    mtu: 1420,
    pid: 1,
    startedAt: "",
    announcedAddresses: [],
    announcedEndpoints: [],
    nat: {},
    portMapping: { state: "missing", why: "portMapping is off" },
    advertisedPrefixes: [],
    leftOut: [
      { value: "127.0.0.1", reason: "it is a loopback address (on lo)", isUsual: true },
      { value: "2001:db8::1", reason: "it is deprecated (on eth0)" },
    ],
    racing: { mode: "auto", works: true },
  },
  registries: [],
  peers: [],
  refusedAffiliates: [],
  warnings: [],
  dropped: { outside: 0, tunnel: 0, entering: 0, leaving: 0, unaccepted: 0 },
  masqueraded: 0,
  repairs: { table: 0, routing: 0, link: 0, settings: 0 },
  ...more,
});
