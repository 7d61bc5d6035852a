import { describe, expect, test } from "vitest";
import type { RegistryServer } from "../../../src/discovery/index.ts";
import { exitsAmong, exitsLeftOut } from "../../../src/mesh/exits.ts";
import { addressesAfter, addressesOf, exitsTo, servedHere, type Told } from "../../../src/mesh/index.ts";
import { address, config, prefix } from "./values.ts";

const server = (host: string, more: Partial<RegistryServer> = {}): RegistryServer => ({
  host,
  port: 6443,
  tls: true,
  clients: "node",
  ...more,
});
const nobody: ReadonlyMap<string, Told> = new Map();
const named = (...addresses: string[]): ReadonlyMap<string, Told> =>
  new Map([["api.test", new Map(addresses.map((each) => [address(each), 0]))]]);

describe("an exit", () => {
  test("is an address of a server with the port that the operator named, and no other", () => {
    expect(
      exitsTo([server("192.0.2.1"), server("api.test")], named("192.0.2.2", "2001:db8::2"), "tls"),
    ).toEqual([
      { address: "192.0.2.1", port: 6443, clients: "node" },
      { address: "192.0.2.2", port: 6443, clients: "node" },
      { address: "2001:db8::2", port: 6443, clients: "node" },
    ]);
  });

  test("is the daemon's alone, unless the others of the node use the server, too", () => {
    const service = server("192.0.2.1", { clients: "daemon" });
    expect(exitsTo([service], nobody, "tls")).toMatchObject([{ clients: "daemon" }]);
    expect(exitsTo([server("192.0.2.1"), service], nobody, "tls")).toMatchObject([{ clients: "node" }]);
  });

  test.each([
    ["tls", 1],
    ["all", 2],
    ["off", 0],
  ] as const)("with registriesOutside: %s, of one server with and one without TLS: %d", (setting, count) => {
    const servers = [server("192.0.2.1"), server("192.0.2.2", { tls: false })];
    expect(exitsTo(servers, nobody, setting)).toHaveLength(count);
  });

  test("is said to be left out where the server is on a member, and asked in plaintext", () => {
    const servers = [
      server("192.0.2.1", { tls: false }),
      server("192.0.2.2", { tls: false }),
      server("192.0.2.1"),
    ];
    const leftOut = exitsLeftOut({ servers, names: nobody }, "tls", (each) => each === "192.0.2.1");
    expect(leftOut.map(({ value }) => value)).toEqual(["registry 192.0.2.1:6443"]);
  });
});

describe("the addresses of a name", () => {
  const minute = 60_000;

  test("are followed, and an old one stays for ten minutes, as an answer may have only a part", () => {
    const first = addressesAfter(new Map(), [address("192.0.2.1")], 0);
    const second = addressesAfter(first, [address("192.0.2.2")], 9 * minute);
    expect([...second.keys()]).toEqual(["192.0.2.1", "192.0.2.2"]);
    expect([...addressesAfter(second, [address("192.0.2.2")], 10 * minute).keys()]).toEqual(["192.0.2.2"]);
  });

  test("are 16 at most, whatever is answered, and however often", () => {
    const all = Array.from({ length: 40 }, (_, at) => address(`192.0.2.${at + 1}`));
    expect(addressesAfter(new Map(), all, 0).size).toBe(16);
    let told: Told = new Map();
    for (const [at, each] of all.entries()) told = addressesAfter(told, [each], at);
    expect(told.size).toBe(16);
    // A name of more servers, which tells some of them each time, changes nothing once the places are taken.
    const known = [...told.keys()];
    expect(known).toEqual(all.slice(0, 16));
    for (const [at, each] of all.entries()) told = addressesAfter(told, [each, ...all.slice(0, 16)], at);
    expect([...told.keys()]).toEqual(known);
  });

  test("are not asked for where the server has an address", () => {
    expect(addressesOf(server("2001:db8::1"), nobody)).toEqual(["2001:db8::1"]);
    expect(addressesOf(server("other.test"), named("192.0.2.2"))).toEqual([]);
  });
});

test("only exits that packets for a target can be for are compared with packets", () => {
  const service = (host: string): RegistryServer => server(host, { clients: "daemon" });
  const registries = exitsTo(
    [service("192.0.2.2"), service("192.0.2.3"), service("198.51.100.9"), server("10.96.0.1")],
    nobody,
    "tls",
  );
  const exits = exitsAmong(
    { registries, served: [], group: 4711 },
    ["192.0.2.2/32", "192.0.2.3/32"].map(prefix),
  );
  expect(exits.registries.map((each) => each.address)).toEqual(["10.96.0.1", "192.0.2.2", "192.0.2.3"]);
});

test("this node serves a registry at its own addresses, and at the port of its API server", () => {
  const exits = exitsTo(
    [server("192.0.2.1"), server("192.0.2.2", { port: 7443 }), server("127.0.0.1", { port: 8443 })],
    nobody,
    "tls",
  );
  const settings = config({ kubernetes: {}, node: { machineType: "controlplane", apiServerPort: 9443 } });
  const ports = (own: string): number[] =>
    servedHere(settings, exits, [address(own)]).map(({ port }) => port);
  expect(ports("192.0.2.2")).toEqual([7443, 8443, 9443]);
  expect(servedHere({ ...settings, registriesOutside: "off" }, exits, [address("192.0.2.2")])).toEqual([]);
});
