import { describe, expect, it } from "vitest";
import { type Address, type Prefix, prefixContains } from "../../../src/net/index.ts";
import { ownAffiliate } from "../../../src/self/announce.ts";
import { believeMapped } from "../../../src/self/mapped.ts";
import { believeReflected } from "../../../src/self/reflected.ts";
import { address, config, endpoint, prefix, self } from "../mesh/values.ts";

const filter = (text: string): { prefix: ReturnType<typeof prefix>; exclude: boolean } => ({
  prefix: prefix(text.replace("!", "")),
  exclude: text.startsWith("!"),
});

describe("announced endpoints", () => {
  const addresses = [address("192.168.1.5"), address("10.0.0.5"), address("2001:db8::5")];

  it("are the extra ones, then the reflected addresses and the own ones with the listen port", () => {
    const extra = [endpoint("192.168.13.46:52000"), endpoint("10.0.0.5:51820")];
    const { affiliate, leftOut } = ownAffiliate(self, config({ extraAnnouncedEndpoints: extra }), addresses, [
      address("203.0.113.1"),
      address("10.0.0.5"),
    ]);
    expect(affiliate.kubespan?.endpoints).toEqual([
      "192.168.13.46:52000",
      "10.0.0.5:51820",
      "203.0.113.1:51820",
      "192.168.1.5:51820",
      "[2001:db8::5]:51820",
    ]);
    expect(leftOut).toEqual([]);
  });

  it("are so few that a service has room for as many others; own addresses give way first", () => {
    const many = Array.from({ length: 80 }, (_, at) => address(`192.0.2.${at + 1}`));
    const extra = endpoint("192.168.13.46:52000");
    const seen = address("203.0.113.1");
    const { affiliate, leftOut } = ownAffiliate(self, config({ extraAnnouncedEndpoints: [extra] }), many, [
      seen,
    ]);
    const { endpoints = [] } = affiliate.kubespan ?? {};
    expect(endpoints).toHaveLength(32);
    expect(endpoints.slice(0, 3)).toEqual([extra, "203.0.113.1:51820", "192.0.2.1:51820"]);
    expect(affiliate.addresses).toEqual([...many, self.address]); // as Talos lists them
    expect(leftOut).toEqual([
      { value: "endpoint 192.0.2.31:51820 and 49 more", reason: "a node announces 32 endpoints at most" },
    ]);
  });

  it("are not at addresses at which the node should not be dialled, which are its own all the same", () => {
    const old = { value: "2001:db8::5", reason: "it is deprecated (on eth0)" };
    const { affiliate, leftOut } = ownAffiliate(self, config(), addresses, [], [], { undialled: [old] });
    expect(affiliate.kubespan?.endpoints).toEqual(["192.168.1.5:51820", "10.0.0.5:51820"]);
    expect(affiliate.addresses).toEqual([...addresses, self.address]);
    expect(leftOut).toEqual([{ ...old, value: "endpoint [2001:db8::5]:51820" }]);
  });

  it("have the port that a STUN server saw in place of the listen port, and filters hold for it, too", () => {
    const reflected = [address("203.0.113.1"), address("203.0.113.2")];
    const mapped = [endpoint("203.0.113.1:4711"), endpoint("203.0.114.1:4712")];
    const filters = [filter("0.0.0.0/0"), filter("!203.0.114.0/24")];
    const { affiliate, leftOut } = ownAffiliate(
      self,
      config({ endpointFilters: filters }),
      [],
      reflected,
      mapped,
    );
    expect(affiliate.kubespan?.endpoints).toEqual(["203.0.113.1:4711", "203.0.113.2:51820"]);
    expect(leftOut.map(({ value }) => value)).toEqual(["endpoint 203.0.114.1:4712"]);
  });

  it.each([
    {
      case: "the example of the reference",
      filters: ["0.0.0.0/0", "!192.168.0.0/16", "::/0"],
      announced: [1, 2],
    },
    { case: "only exclusions", filters: ["!192.168.0.0/16"], announced: [1, 2] },
    { case: "only one network", filters: ["10.0.0.0/8"], announced: [1] },
    { case: "the last rule decides", filters: ["!10.0.0.0/8", "10.0.0.5/32"], announced: [1] },
    { case: "none", filters: ["!0.0.0.0/0", "!::/0"], announced: [] },
  ])("are filtered: $case", ({ filters, announced }) => {
    const { affiliate, leftOut } = ownAffiliate(
      self,
      config({ endpointFilters: filters.map(filter) }),
      addresses,
      [],
    );
    const all = ["192.168.1.5:51820", "10.0.0.5:51820", "[2001:db8::5]:51820"];
    expect(affiliate.kubespan?.endpoints).toEqual(announced.map((index) => all[index]));
    expect(leftOut.map(({ value }) => value).toSorted()).toEqual(
      all
        .filter((_, index) => !announced.includes(index))
        .map((each) => `endpoint ${each}`)
        .toSorted(),
    );
  });
});

it("excluded networks are not advertised, and the others are told", () => {
  const { affiliate, leftOut } = ownAffiliate(
    self,
    config({
      advertisedPrefixes: [prefix("10.1.0.0/16")],
      excludeAdvertisedNetworks: [prefix("10.1.128.0/17")],
    }),
    [],
    [],
  );
  expect(affiliate.kubespan).toMatchObject({
    additionalAddresses: ["10.1.0.0/17"],
    excludedNetworks: ["10.1.128.0/17"],
  });
  expect(leftOut).toEqual([
    { value: "network 10.1.0.0/16", reason: "wholly or in part in excludeAdvertisedNetworks" },
  ]);
});

const state = (text: string): Parameters<typeof believeReflected>[0] => [
  {
    name: "primary",
    location: "https://x",
    phase: "connected",
    reflected: address(text),
    affiliates: 0,
    refused: [],
  },
];

const nowhere = (): undefined => undefined;
const inMesh = (seenAt: Address): Prefix | undefined =>
  [prefix("10.244.0.0/16")].find((network) => prefixContains(network, seenAt));

describe("a reflected address", () => {
  const own = [address("192.168.1.5")];
  const before = new Map([["primary", address("203.0.113.1")]]);

  it("is believed when it is news", () => {
    const { reflected } = believeReflected(state("203.0.113.9"), before, nowhere, own);
    expect(reflected.get("primary")).toBe("203.0.113.9");
  });

  it.each([
    ["127.0.0.1", "a loopback address"],
    ["169.254.1.1", "link-local"],
    ["fd00:0:0:2::5", "an address inside a tunnel"],
    ["10.244.1.1", "inside 10.244.0.0/16, which is routed through the mesh"],
  ])("%s is not believed: %s; the last good one stays", (text, reason) => {
    const { reflected, leftOut } = believeReflected(state(text), before, inMesh, own);
    expect(reflected.get("primary")).toBe("203.0.113.1");
    expect(leftOut).toEqual([{ value: text, reason: `registry primary sees us there: ${reason}` }]);
  });

  it("that is an own one, as seen through the mesh, does not replace the public one", () => {
    const { reflected, leftOut } = believeReflected(state("192.168.1.5"), before, nowhere, own);
    expect(reflected.get("primary")).toBe("203.0.113.1");
    expect(leftOut).toEqual([]);
  });
});

describe("what a STUN server says", () => {
  const asked = config({ stun: { host: "stun.example.org", port: 3478 } });
  const own = [address("192.0.2.7")];
  const server = "stun.example.org:3478";

  it("is believed unless it is inside the mesh, unreachable, or our own address", () => {
    const endpoints = ["203.0.113.1:4711", "10.244.1.2:51820", "127.0.0.1:51820", "192.0.2.7:51820"].map(
      endpoint,
    );
    const observations = endpoints.map((each) => ({
      observer: server,
      by: "server" as const,
      endpoint: each,
      since: 0,
      at: 0,
    }));
    const mapping = { observations, problems: [] };
    const { mapped, leftOut } = believeMapped(asked, { mapping, nat: {} }, inMesh, own);
    expect(mapped).toEqual(["203.0.113.1:4711"]);
    expect(leftOut.map(({ value }) => value)).toEqual(["10.244.1.2:51820", "127.0.0.1:51820"]);
  });

  it("stays while the server is silent, and that is told; without racing only who configured it is told", () => {
    const observation = {
      observer: server,
      by: "server" as const,
      endpoint: endpoint("203.0.113.1:4711"),
      since: 0,
      at: 0,
    };
    const mapping = { observations: [observation], problems: [{ observer: server, problem: "silent" }] };
    expect(believeMapped(asked, { mapping, nat: {} }, inMesh, own)).toEqual({
      mapped: ["203.0.113.1:4711"],
      told: [],
      leftOut: [{ value: "mapped endpoint", reason: "silent" }],
      nat: { ipv4: "unknown" },
    });
    const nothing = { mapping: undefined, nat: {} };
    expect(believeMapped(asked, nothing, inMesh, own).leftOut[0]?.reason).toMatch(/STUN needs racing/);
    expect(believeMapped(config(), nothing, inMesh, own)).toEqual({
      mapped: [],
      told: [],
      leftOut: [],
      nat: {},
    });
  });

  it("is not announced behind a symmetric NAT, and why is told", () => {
    const observations = ["203.0.113.1:1", "203.0.113.1:2"].map((each, index) => ({
      observer: String(index),
      by: "server" as const,
      endpoint: endpoint(each),
      since: 0,
      at: 0,
    }));
    const believed = believeMapped(
      config(),
      { mapping: { observations, problems: [] }, nat: {} },
      inMesh,
      own,
    );
    expect(believed).toMatchObject({ mapped: [], nat: { ipv4: "symmetric" } });
    expect(believed.leftOut).toEqual([
      {
        value: "endpoint 203.0.113.1:2",
        reason: expect.stringContaining("another port for each destination"),
      },
    ]);
  });
});
