// Two machines of Debian without a way to the internet, and one like them that has one, as the guides tell.
//
//     first 192.0.2.10 ─┐
//    second 192.0.2.11 ─┴─ network             twin ── this machine's own network
import { basename } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Lab, PingStream } from "../../lab/index.ts";
import { Guide } from "../guides/guide.ts";
import { shell } from "../guides/machine.ts";
import { buildPackages, debOf } from "./build.ts";
import { carry, type DebianMachine, debianOn } from "./guide-machines.ts";

const versions = ["0.1.0", "0.2.0"];
const addresses = { first: "192.0.2.10", second: "192.0.2.11" };

let lab: Lab;
let debs: readonly string[];
let twin: DebianMachine;
let first: DebianMachine;
let second: DebianMachine;

beforeAll(async () => {
  debs = [];
  for (const version of versions)
    debs = [...debs, debOf(await buildPackages(`guides-${version}`, version, "deb", "gzip"), version)];
  lab = await Lab.open();
  const network = await lab.network("network");
  const machine = async (name: keyof typeof addresses): Promise<DebianMachine> => {
    const node = await lab.node(name);
    await node.attach(network, `${addresses[name]}/24`);
    return debianOn(node);
  };
  [first, second] = [await machine("first"), await machine("second")];
  twin = await debianOn(await lab.node("twin"), { isOnline: true });
  for (const deb of debs.slice(0, 1)) twin.debian.copyIn(deb, `root/${basename(deb)}`);
}, 3_600_000);

afterAll(async () => {
  await lab?.close();
  for (const machine of [twin, first, second]) machine?.debian.close();
});

test("air-gapped.md leads from a folder of packages to two nodes that reach each other", async () => {
  const guide = await Guide.open("air-gapped.md", machines(), {
    carrying: async () => {
      for (const to of [first, second]) carry("srv/kubespan", twin, to);
      return "";
    },
  });
  await guide.rest();
  expect((await shell(first, "kubespan status -o json")).all).toMatch(/"state": *"up"/);
});

test("upgrading.md leads to the newer version and back, and no packet is lost", async () => {
  for (const to of [first, second]) for (const deb of debs) to.debian.copyIn(deb, `root/${basename(deb)}`);
  const streams = [
    await PingStream.start(first.node, addresses.second),
    await PingStream.start(second.node, addresses.first),
  ];
  const guide = await Guide.open("upgrading.md", machines());
  await guide.rest();
  for (const stream of streams) {
    await stream.moreAnswers(1);
    const { sent, lost } = await stream.stop();
    expect(lost).toBe(0);
    expect(sent).toBeGreaterThan(10);
  }
});

const machines = () => ({ twin, first, second });
