import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { Command } from "../../src/base/command.ts";
import type { Address } from "../../src/net/index.ts";
import { observeTable } from "../../src/nftables/effects/observe.ts";
import { type Exits, planTable } from "../../src/nftables/index.ts";
import { type Runner, run } from "../../src/system/index.ts";
import { frame } from "../unit/nftables/frame.ts";
import { apply } from "./namespace.ts";
import { prefixes, tableWorld, wanted } from "./table-world.ts";

const { namespace, run: inside, nft, converge } = tableWorld();

/** Runs a command as on a small system, which has no /etc/protocols. */
const withoutNames: Runner = (command) => {
  const hide = '[ ! -e /etc/protocols ] || mount --bind /dev/null /etc/protocols; exec "$0" "$@"';
  const entered = ["ip", "netns", "exec", namespace().name, command.program, ...command.args];
  return run({
    ...command,
    program: "unshare" as Command["program"],
    args: ["-m", "sh", "-c", hide, ...entered],
  });
};

describe("the table", () => {
  test("is what other nodes' operators know", async () => {
    await converge(wanted("10.0.1.0/24", "192.0.2.7/32", "2001:db8:1::/48"));
    expect(await namespace().sh("nft -p list table inet talos_kubespan")).toBe(
      (await readFile(new URL("table.nft", import.meta.url), "utf8")).trimEnd(),
    );
  });

  test("is the same to a system that knows no names of protocols, and to one that does", async () => {
    const desired = wanted("10.0.0.0/8");
    await apply(withoutNames, planTable(desired, await observeTable(withoutNames, frame.interfaceName)));
    for (const runner of [withoutNames, inside])
      expect(planTable(desired, await observeTable(runner, frame.interfaceName))).toEqual([]);
    await converge({ ...desired, answerOutside: false });
    await converge(desired);
    expect(planTable(desired, await observeTable(withoutNames, frame.interfaceName))).toEqual([]);
  });

  test.each([
    { fromWireGuard: 0x20, toWireGuard: 0x40 },
    { fromWireGuard: 0x40, toWireGuard: 0x20 },
    { fromWireGuard: 0x80000000, toWireGuard: 0x1 },
    { fromWireGuard: 0x1, toWireGuard: 0x80000000 },
    { fromWireGuard: 0xff00, toWireGuard: 0xff0000 },
    { fromWireGuard: 0x60, toWireGuard: 0x40 },
    { fromWireGuard: 0x40, toWireGuard: 0x60 },
    { fromWireGuard: 0x0000ffff, toWireGuard: 0xffff0000 },
  ])("comes back as it was loaded with the marks %o", async (other) => {
    await converge({ ...frame, marks: other, targets: prefixes("10.0.0.0/8") });
    await converge({ ...frame, marks: other, isClosed: false, targets: prefixes("10.0.0.0/8") });
    await converge(wanted("10.0.0.0/8"));
  });

  test.each([443, undefined])(
    "comes back as it was loaded with exits, and without, of the group %s",
    async (group) => {
      const exits: Exits = {
        registries: [
          { address: "192.0.2.7" as Address, port: 6443, clients: "node" },
          { address: "192.0.2.8" as Address, port: 443, clients: "daemon" },
          { address: "2001:db8:1::7" as Address, port: 6443, clients: "node" },
        ],
        served: [
          { port: 443, clients: "daemon" },
          { port: 6443, clients: "node" },
        ],
        group,
      };
      for (const answerOutside of [true, false]) {
        await converge({
          ...frame,
          exits,
          answerOutside,
          targets: prefixes("192.0.2.0/24", "2001:db8:1::/48"),
        });
        await converge({
          ...frame,
          exits,
          answerOutside,
          isClosed: false,
          targets: prefixes("192.0.2.0/24"),
        });
      }
      await converge(wanted("192.0.2.0/24"));
    },
  );

  test("sets our two bits of the mark, and no other, for targets only", async () => {
    await namespace().sh("ip link add up0 type veth peer name up1");
    await namespace().sh("ip link set up0 up");
    await namespace().sh("ip address add 198.51.100.1/24 dev up0");
    await namespace().sh("ip route add default dev up0");
    await converge(wanted("10.0.0.0/8"));
    await nft(`table inet probe {
      counter steered { }
      counter plain { }
      counter tunnel { }
      counter forged { }
      chain before { type filter hook output priority -10; policy accept;
        udp dport 1 meta mark set 0xf0f
        udp dport 2 meta mark set 0xf2f udp sport set 51820
        udp dport 3 meta mark set 0xf2f; }
      chain after { type filter hook output priority 10; policy accept;
        udp dport 1 meta mark 0xf4f counter name steered
        udp dport 1 meta mark 0xf0f counter name plain
        udp dport 2 meta mark 0xf2f counter name tunnel
        udp dport 3 counter name forged; }
    }`);
    const send = (target: string): Promise<string> =>
      inside({
        program: "ip", // bash is no tool of the daemon: `ip netns exec` inside `ip netns exec` starts it
        args: ["netns", "exec", namespace().name, "bash", "-c", `echo x > /dev/udp/${target} || true`],
      }); // what does not leave by the mesh's link is dropped after the counters, and the sender is told
    for (const target of ["10.1.2.3/1", "192.0.2.1/1", "10.1.2.3/2", "10.1.2.3/3"]) await send(target);
    const counters = await namespace().sh("nft list counters table inet probe");
    expect(counters.match(/packets 1 /g)).toHaveLength(3);
    // WireGuard's mark on a packet from another port: in the link it might be WireGuard's own, which would loop.
    expect(counters).toMatch(/counter forged \{\s*packets 0 /);
    await namespace().sh("ip link del up0");
  });

  test("knows WireGuard's connection by its mark only as long as nobody else sends from the port", async () => {
    await namespace().sh("ip link add up0 type veth peer name up1");
    await namespace().sh("ip link set up0 up");
    await namespace().sh("ip address add 198.51.100.1/24 dev up0");
    await namespace().sh("ip route add default dev up0");
    await converge(wanted("10.0.0.0/8"));
    await nft(`table inet probe {
      counter out { }
      chain others { type route hook output priority mangle; policy accept; meta mark set 0x1; }
      chain after { type filter hook postrouting priority 300; udp sport 51820 counter name out; }
    }`);
    const send = (mark: number): Promise<string> =>
      inside({
        program: "ip",
        args: ["netns", "exec", namespace().name, "perl", "-MSocket=:all", "-e", sendFromPort(mark)],
      });
    const sent = async (): Promise<string> =>
      /packets (\d+)/.exec(await namespace().sh("nft list counters table inet probe"))?.[1] ?? "";
    await send(0x20);
    expect(await sent()).toBe("1"); // WireGuard's own, whose mark somebody overwrites
    await send(0);
    await send(0x40);
    expect(await sent()).toBe("1"); // somebody who has the port now, to the same end
    await send(0x20);
    expect(await sent()).toBe("2");
    await namespace().sh("ip link del up0");
  });

  test("never steers what is for a special network, whatever the targets are", async () => {
    await namespace().sh("ip link add up0 type veth peer name up1");
    await namespace().sh("ip link set up0 up");
    await namespace().sh("ip address add 198.51.100.1/24 dev up0");
    await namespace().sh("ip route add default dev up0");
    await namespace().sh("ip -6 address add 2001:db8::1/64 dev up0 nodad");
    await namespace().sh("ip -6 route add default dev up0");
    await converge(wanted("0.0.0.0/0", "::/0"));
    const special = [
      "169.254.169.254",
      "168.63.129.16",
      "100.100.100.200",
      "224.0.0.18",
      "fd00:ec2::254",
      "ff0e::1",
    ];
    const ordinary = ["192.0.2.1", "100.100.100.201", "fd00:ec2::255"];
    await nft(`table inet probe {
      counter steered { }
      chain after { type filter hook output priority 10; policy accept;
        udp dport 7 meta mark 0x40 counter name steered; }
    }`);
    const send = (target: string): Promise<string> =>
      inside({
        program: "ip",
        // What is steered does not leave here, where there is no mesh: bash is told so.
        args: ["netns", "exec", namespace().name, "bash", "-c", `echo x > /dev/udp/${target}/7 || true`],
      });
    for (const target of [...special, ...ordinary]) await send(target);
    expect(await namespace().sh("nft list counters table inet probe")).toContain(
      `packets ${ordinary.length} `,
    );
    await namespace().sh("ip link del up0");
  });

  test("is taken away without touching anything else", async () => {
    await nft(`table inet other {
      set kubespan_targets_ipv4 { type ipv4_addr; flags interval; elements = { 10.0.0.0/8 } }
      chain c { type filter hook output priority 0; policy accept; ip daddr @kubespan_targets_ipv4 accept; }
    }
    table ip talos_kubespan { chain c { }; }`);
    const before = await namespace().sh("nft list ruleset");
    await converge(wanted("10.0.0.0/8"));
    await converge(wanted("10.0.0.0/9", "fd00::/8"));
    await converge(undefined);
    expect(await namespace().sh("nft list ruleset")).toBe(before);
  });
});

/** Sends a packet from WireGuard's port, with a mark as WireGuard sets it (SO_MARK is 36). */
const sendFromPort = (mark: number): string => `
  socket(my $s, AF_INET, SOCK_DGRAM, 0) or die $!;
  bind($s, pack_sockaddr_in(51820, INADDR_ANY)) or die $!;
  setsockopt($s, SOL_SOCKET, 36, pack("i", ${mark})) or die $! if ${mark};
  send($s, "x", 0, pack_sockaddr_in(51820, inet_aton("10.1.2.3")));`;
