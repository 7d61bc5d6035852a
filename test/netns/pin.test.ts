import { afterAll, beforeAll, expect, it } from "vitest";
import { Capture, Lab, type LabNode, type Network, newCluster, waitFor } from "../../lab/index.ts";
import { parseAddress, parseEndpoint } from "../../src/net/index.ts";
import type { PlacedPin } from "../../src/port/pin.ts";
import { racingTableNameOf, racingTableText } from "../../src/port/rules.ts";

/*
 *   a .1 ---- left: 10.0.1.0/24, 2001:db8:1::/64 ---- .2 b
 *     .1 ---- right: 10.0.2.0/24, 2001:db8:2::/64 --- .2
 *
 * What a would send to b's left address goes to the right one.
 */
let lab: Lab;
let a: LabNode;
let networks: readonly [Network, Network];

beforeAll(async () => {
  lab = await Lab.open();
  networks = [await lab.network("left"), await lab.network("right")];
  a = await lab.node("a");
  const b = await lab.node("b");
  for (const [index, network] of networks.entries())
    for (const [number, node] of [a, b].entries())
      await node.attach(
        network,
        `10.0.${index + 1}.${number + 1}/24`,
        `2001:db8:${index + 1}::${number + 1}/64`,
      );
});
afterAll(() => lab.close());

interface Datagram {
  readonly type: number;
  readonly length: number;
  readonly to: string;
  readonly port?: number;
  readonly from?: number;
}

const sender = `
const [family, text] = process.argv.slice(1);
for (const { type, length, to, port = 51820, from = 51820 } of JSON.parse(text)) {
  const socket = require("node:dgram").createSocket(family);
  await new Promise((resolve) => socket.bind(from, resolve));
  const packet = Buffer.alloc(length);
  packet[0] = type;
  await new Promise((resolve) => socket.send(packet, port, to, resolve));
  await new Promise((resolve) => socket.close(resolve));
}`;

/** Gives what was seen on each network: `type: source > destination`, types by the length. */
async function send(
  family: 4 | 6,
  datagrams: readonly Datagram[],
  ...options: string[]
): Promise<string[][]> {
  const captures = [await Capture.start(lab, networks[0]), await Capture.start(lab, networks[1])];
  const program = `(async () => {${sender}})()`;
  await a.run(process.execPath, "-e", program, `udp${family}`, JSON.stringify(datagrams));
  const all = async (): Promise<number> => (await Promise.all(captures.map(seen))).flat().length;
  const seen = (capture: Capture): Promise<string[]> => capture.lines("udp", ...options);
  await waitFor(async () => (await all()) >= datagrams.length, { what: "all datagrams" });
  for (const capture of captures) await capture.stop();
  const lines = await Promise.all(captures.map(seen));
  return lines.map((each) => each.map((line) => line.replace(/^.*? IP6? /, "")));
}

const pin = (from: string, to: string, source: string): PlacedPin => {
  const [pinned, target, address] = [parseEndpoint(from), parseEndpoint(to), parseAddress(source)];
  if (!pinned || !target || !address) throw new Error("a mistake in the test");
  return { instead: [pinned], to: target, source: address };
};

const pins = [
  pin("10.0.1.2:51820", "10.0.2.2:51820", "10.0.2.1"),
  pin("[2001:db8:1::2]:51820", "[2001:db8:2::2]:51820", "2001:db8:2::1"),
];
const table = (pinned: readonly PlacedPin[]): string =>
  racingTableText({
    interfaceName: "kubespan",
    marks: { fromWireGuard: 0x20, toWireGuard: 0x40 },
    listenPort: 51820,
    ports: { ipv4: 50000, ipv6: 50001 },
    tag: 0xabcde000,
    userId: 0,
    pins: pinned,
  });

const listing = (): Promise<string> =>
  a.run("nft", "list", "table", ...racingTableNameOf("kubespan").split(" "));

const line = (from: string, to: string, length: number): string => `${from} > ${to}: UDP, length ${length}`;

it("WireGuard's packets, and no others, go elsewhere, and after half a minute their own way again", async () => {
  await a.namespace.nft(table(pins));
  for (const [family, prefix] of [
    [4, "10.0."],
    [6, "2001:db8:"],
  ] as const) {
    const [one, two] = family === 4 ? [".1", ".2"] : ["::1", "::2"];
    const [left, right] = [`${prefix}1${two}`, `${prefix}2${two}`];
    const seen = await send(family, [
      { type: 1, length: 148, to: left },
      { type: 2, length: 92, to: left },
      { type: 3, length: 64, to: left },
      { type: 4, length: 128, to: left },
      { type: 4, length: 96, to: left, port: 51821 },
      { type: 4, length: 80, to: left, from: 51821 },
    ]);
    expect(seen).toEqual([
      [
        line(`${prefix}1${one}.51820`, `${left}.51820`, 92),
        line(`${prefix}1${one}.51820`, `${left}.51820`, 64),
        line(`${prefix}1${one}.51820`, `${left}.51821`, 96),
        line(`${prefix}1${one}.51821`, `${left}.51820`, 80),
      ],
      [
        line(`${prefix}2${one}.51820`, `${right}.51820`, 148),
        line(`${prefix}2${one}.51820`, `${right}.51820`, 128),
      ],
    ]);
    // As one that was sent there, checksum and all.
    const packet = { type: 4, length: 128, to: left };
    const [, copies = []] = await send(family, [packet, { ...packet, to: right }], "-vv");
    const headers = copies.flatMap((text) => /\S+ > .*/.exec(text)?.[0] ?? []);
    expect(headers).toHaveLength(2);
    expect(headers[0]).toMatch(/udp cksum/);
    expect(headers[0]).toBe(headers[1]);
  }
  await waitFor(async () => !(await listing()).includes("elements"), { what: "the pin's end" });
  const [left = []] = await send(4, [{ type: 4, length: 128, to: "10.0.1.2" }]);
  expect(left).toEqual([line("10.0.1.1.51820", "10.0.1.2.51820", 128)]);
});

it("what a killed daemon pinned, the next one does not", async () => {
  await a.namespace.nft(table(pins));
  await a.start({ cluster: newCluster(), services: ["http://10.0.1.2:3000/"] });
  await waitFor(async () => !(await listing()).includes("pinned"), {
    what: "a new table",
    describe: listing,
  });
  expect(await listing()).toContain("chain outgoing");
  await a.daemon.command("down");
});
