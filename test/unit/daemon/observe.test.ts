import { expect, test } from "vitest";
import type { Command } from "../../../src/base/command.ts";
import type { Config } from "../../../src/config/config.ts";
import { observeKernel } from "../../../src/daemon/observe.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const link = (ifindex: number, ifname: string, more: object = {}): object => ({
  ifindex,
  ifname,
  flags: ["UP"],
  mtu: 1500,
  link_type: "ether",
  address: "32:06:be:1c:a9:09",
  addr_info: [],
  ...more,
});
const address = { family: "inet6", local: "fd00:0:0:2::1", prefixlen: 64, scope: "global" };
const mesh = link(4, "kubespan", { linkinfo: { info_kind: "wireguard" }, addr_info: [address] });
const links = [link(1, "lo"), link(2, "eth0"), link(3, "eth1"), mesh];
const rule = { priority: 32766, src: "all", table: "254" };
const route = { type: "7", dst: "default", metric: 0xff000000 };
const qdisc = (name: string): string => `qdisc clsact ffff: dev ${name} parent ffff:fff1 \n`;

/** What the tools say of a node with two links, whose mesh is up and whose second barrier stands. */
function answer({ program, args, input }: Command): string {
  const line = [program, ...args].join(" ");
  if (/^ip -j -d address show$/.test(line)) return JSON.stringify(links);
  if (/^ip -[46] /.test(line) && args.includes("-batch"))
    return `${JSON.stringify([rule])}\n[]\n${JSON.stringify([route])}\n`;
  if (/^ip -[46] .*rule show/.test(line)) return JSON.stringify([rule]);
  if (/^ip -[46] .*route show/.test(line)) return JSON.stringify([route]);
  if (/^ip .*address show dev kubespan/.test(line)) return JSON.stringify([mesh]);
  if (program === "wg") return "(none)\t(none)\t51820\toff\n";
  if (program === "nft") return "";
  if (line === "tc qdisc show") return ["eth0", "eth1"].map(qdisc).join("");
  if (program === "tc" && args.includes("-batch"))
    return [...String(input).matchAll(/^qdisc show dev (\S+)$/gm)]
      .map(([, name]) => qdisc(name ?? ""))
      .join("");
  if (program === "tc") return "";
  if (program === "sysctl") return "kernel.random.boot_id = 1a6ac1c5-0f61-4a6f-9e04-e9190e98dc5e\n";
  throw new Error(`not expected: ${line}`);
}

test("a look at everything starts eight processes at most, and two for default routes where there are several links", async () => {
  const started: string[] = [];
  const config = {
    interfaceName: "kubespan",
    stateDirectory: await temporaryFolder(),
    advertisedPrefixes: [],
    routing: { table: 180, priority: 32500 },
    marks: { fromWireGuard: 0x20, toWireGuard: 0x40 },
  } as unknown as Config;
  const kernel = await observeKernel((command) => {
    started.push([command.program, ...command.args].join(" "));
    return Promise.resolve(answer(command));
  }, config);
  expect(kernel.routing.linkAddresses.map((each) => each.address)).toEqual(["fd00:0:0:2::1"]);
  expect(kernel.routing.ipv4Routing.hasBarrier).toBe(true);
  expect(kernel.barrier).toMatchObject({ kind: "seen", links: [{ name: "eth0" }, { name: "eth1" }] });
  const [defaults, others] = [true, false].map((is) =>
    started.filter((line) => line.endsWith("default") === is),
  );
  expect(others?.length, started.join("\n")).toBeLessThanOrEqual(8);
  expect(defaults).toHaveLength(2);
  expect(started.filter((line) => line.startsWith("sysctl"))).toEqual([]);
  expect(started.filter((line) => line.includes("address"))).toHaveLength(1);
});
