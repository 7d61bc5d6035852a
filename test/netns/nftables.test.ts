import { readFile } from "node:fs/promises";
import * as fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Command, INPUT } from "../../src/base/command.ts";
import { type Address, type Prefix, parsePrefix, unite } from "../../src/net/index.ts";
import { observeTable } from "../../src/nftables/effects/observe.ts";
import { type DesiredTable, type Exits, observedTargets, planTable } from "../../src/nftables/index.ts";
import { type Runner, run } from "../../src/system/index.ts";
import { frame } from "../unit/nftables/frame.ts";
import { apply, failing, makeNamespace, type Namespace } from "./namespace.ts";

let namespace: Namespace;
beforeAll(async () => {
  namespace = await makeNamespace("nft");
});
afterAll(() => namespace?.remove());
beforeEach(() => nft("flush ruleset"));

const nft = (input: string): Promise<string> =>
  namespace.run({ program: "nft", args: ["-f", INPUT], input: `${input}\n` });

/** Runs a command as on a small system, which has no /etc/protocols. */
const withoutNames: Runner = (command) => {
  const hide = '[ ! -e /etc/protocols ] || mount --bind /dev/null /etc/protocols; exec "$0" "$@"';
  const entered = ["ip", "netns", "exec", namespace.name, command.program, ...command.args];
  return run({
    ...command,
    program: "unshare" as Command["program"],
    args: ["-m", "sh", "-c", hide, ...entered],
  });
};

const prefixes = (...texts: string[]): Prefix[] => unite(texts.flatMap((text) => parsePrefix(text) ?? []));

const wanted = (...texts: string[]): DesiredTable => ({ ...frame, targets: prefixes(...texts) });

/** One pass, and the proof that it was enough. */
async function converge(desired: DesiredTable | undefined): Promise<void> {
  await apply(namespace.run, planTable(desired, await observeTable(namespace.run, "kubespan")));
  const observed = await observeTable(namespace.run, "kubespan");
  expect(unite(observedTargets(observed))).toEqual(desired?.targets ?? []);
  expect(planTable(desired, observed)).toEqual([]);
}

describe("the table", () => {
  test("is what other nodes' operators know", async () => {
    await converge(wanted("10.0.1.0/24", "192.0.2.7/32", "2001:db8:1::/48"));
    expect(await namespace.sh("nft -p list table inet talos_kubespan")).toBe(
      (await readFile(new URL("table.nft", import.meta.url), "utf8")).trimEnd(),
    );
  });

  test("is the same to a system that knows no names of protocols, and to one that does", async () => {
    const desired = wanted("10.0.0.0/8");
    await apply(withoutNames, planTable(desired, await observeTable(withoutNames, frame.interfaceName)));
    for (const runner of [withoutNames, namespace.run])
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
    await namespace.sh("ip link add up0 type veth peer name up1");
    await namespace.sh("ip link set up0 up");
    await namespace.sh("ip address add 198.51.100.1/24 dev up0");
    await namespace.sh("ip route add default dev up0");
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
        udp dport 3 meta mark 0xf4f counter name forged; }
    }`);
    const send = (target: string): Promise<string> =>
      namespace.run({
        program: "ip", // bash is no tool of the daemon: `ip netns exec` inside `ip netns exec` starts it
        args: ["netns", "exec", namespace.name, "bash", "-c", `echo x > /dev/udp/${target} || true`],
      }); // what does not leave by the mesh's link is dropped after the counters, and the sender is told
    for (const target of ["10.1.2.3/1", "192.0.2.1/1", "10.1.2.3/2", "10.1.2.3/3"]) await send(target);
    const counters = await namespace.sh("nft list counters table inet probe");
    expect(counters.match(/packets 1 /g)).toHaveLength(4);
    await namespace.sh("ip link del up0");
  });

  test("knows WireGuard's connection by its mark only as long as nobody else sends from the port", async () => {
    await namespace.sh("ip link add up0 type veth peer name up1");
    await namespace.sh("ip link set up0 up");
    await namespace.sh("ip address add 198.51.100.1/24 dev up0");
    await namespace.sh("ip route add default dev up0");
    await converge(wanted("10.0.0.0/8"));
    await nft(`table inet probe {
      counter out { }
      chain others { type route hook output priority mangle; policy accept; meta mark set 0x1; }
      chain after { type filter hook postrouting priority 300; udp sport 51820 counter name out; }
    }`);
    const send = (mark: number): Promise<string> =>
      namespace.run({
        program: "ip",
        args: ["netns", "exec", namespace.name, "perl", "-MSocket=:all", "-e", sendFromPort(mark)],
      });
    const sent = async (): Promise<string> =>
      /packets (\d+)/.exec(await namespace.sh("nft list counters table inet probe"))?.[1] ?? "";
    await send(0x20);
    expect(await sent()).toBe("1"); // WireGuard's own, whose mark somebody overwrites
    await send(0);
    await send(0x40);
    expect(await sent()).toBe("1"); // somebody who has the port now, to the same end
    await send(0x20);
    expect(await sent()).toBe("2");
    await namespace.sh("ip link del up0");
  });

  test("never steers what is for a special network, whatever the targets are", async () => {
    await namespace.sh("ip link add up0 type veth peer name up1");
    await namespace.sh("ip link set up0 up");
    await namespace.sh("ip address add 198.51.100.1/24 dev up0");
    await namespace.sh("ip route add default dev up0");
    await namespace.sh("ip -6 address add 2001:db8::1/64 dev up0 nodad");
    await namespace.sh("ip -6 route add default dev up0");
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
      namespace.run({
        program: "ip",
        // What is steered does not leave here, where there is no mesh: bash is told so.
        args: ["netns", "exec", namespace.name, "bash", "-c", `echo x > /dev/udp/${target}/7 || true`],
      });
    for (const target of [...special, ...ordinary]) await send(target);
    expect(await namespace.sh("nft list counters table inet probe")).toContain(`packets ${ordinary.length} `);
    await namespace.sh("ip link del up0");
  });

  test("is taken away without touching anything else", async () => {
    await nft(`table inet other {
      set kubespan_targets_ipv4 { type ipv4_addr; flags interval; elements = { 10.0.0.0/8 } }
      chain c { type filter hook output priority 0; policy accept; ip daddr @kubespan_targets_ipv4 accept; }
    }
    table ip talos_kubespan { chain c { }; }`);
    const before = await namespace.sh("nft list ruleset");
    await converge(wanted("10.0.0.0/8"));
    await converge(wanted("10.0.0.0/9", "fd00::/8"));
    await converge(undefined);
    expect(await namespace.sh("nft list ruleset")).toBe(before);
  });
});

/** Sends a packet from WireGuard's port, with a mark as WireGuard sets it (SO_MARK is 36). */
const sendFromPort = (mark: number): string => `
  socket(my $s, AF_INET, SOCK_DGRAM, 0) or die $!;
  bind($s, pack_sockaddr_in(51820, INADDR_ANY)) or die $!;
  setsockopt($s, SOL_SOCKET, 36, pack("i", ${mark})) or die $! if ${mark};
  send($s, "x", 0, pack_sockaddr_in(51820, inet_aton("10.1.2.3")));`;

describe("a change of targets", () => {
  test.each<[string, string[], string[]]>([
    ["nothing to one", [], ["10.0.0.0/24"]],
    ["one to nothing", ["10.0.0.0/24", "fd00::/64"], []],
    ["one swapped for another", ["10.0.0.0/24", "10.2.0.0/24"], ["10.0.0.0/24", "10.3.0.0/24"]],
    ["a network cut in two", ["10.0.0.0/24", "10.9.0.0/16"], ["10.0.0.0/25", "10.0.0.192/26"]],
    ["two networks joined", ["10.0.0.0/25", "10.0.0.192/26"], ["10.0.0.0/24"]],
    ["a network widened", ["10.0.0.128/25"], ["10.0.0.0/8"]],
    ["neighbours", ["10.0.1.0/24"], ["10.0.1.0/24", "10.0.2.0/24", "10.0.0.0/24"]],
    ["single addresses", ["10.0.0.1/32", "10.0.0.3/32"], ["10.0.0.2/32", "10.0.0.3/32"]],
    ["everything", ["10.0.0.0/24"], ["0.0.0.0/0", "::/0"]],
    ["less than everything", ["0.0.0.0/0", "::/0"], ["0.0.0.0/1", "::/1"]],
    ["the ends", ["0.0.0.0/32", "255.255.255.255/32"], ["255.255.255.254/31", "0.0.0.0/31", "ffff::/16"]],
    ["IPv6 that looks like IPv4", ["::/96", "::1:0/112"], ["::fffe:0:0/96", "::2:0/112"]],
  ])("%s", async (_name, first, second) => {
    await converge(wanted(...first));
    await converge(wanted(...second));
    await converge(wanted(...first));
  });

  test("holds IPv6 networks that nft writes like IPv4", async () => {
    const targets = ["::ffff:0:0/96", "::ffff:102:300/120", "::ffff:102:304/128"] as Prefix[];
    for (const target of targets) {
      await apply(
        namespace.run,
        planTable({ ...frame, targets: [target] }, await observeTable(namespace.run, "kubespan")),
      );
      expect(
        planTable({ ...frame, targets: [target] }, await observeTable(namespace.run, "kubespan")),
      ).toEqual([]);
    }
  });

  test("names only what changes", async () => {
    await converge(wanted("10.0.0.0/24", "10.2.0.0/24", "fd00::/64"));
    const [step, ...more] = planTable(
      wanted("10.0.0.0/24", "10.3.0.0/24", "fd00::/64"),
      await observeTable(namespace.run, "kubespan"),
    );
    expect(more).toEqual([]);
    expect(step?.commands.map(({ input }) => input)).toEqual([
      "delete element inet talos_kubespan kubespan_blocks_ipv4 { 10.2.0.0 }\n" +
        "add element inet talos_kubespan kubespan_blocks_ipv4 { 10.3.0.0 }\n",
    ]);
  });

  test("any sequence of changes ends in what is wanted", async () => {
    const small = fc.oneof(
      fc
        .tuple(fc.nat(3), fc.nat(255), fc.integer({ min: 22, max: 32 }))
        .map(([c, d, bits]) => `10.0.${c}.${d}/${bits}`),
      fc
        .tuple(fc.nat(1), fc.nat(15), fc.constantFrom(32, 60, 64, 125, 127, 128))
        .map(([b, h, bits]) => `fd00:${b}::${h}/${bits}`),
    );
    const set = fc.oneof(
      { weight: 3, arbitrary: fc.array(small, { maxLength: 10 }) },
      fc.array(small, { minLength: 150, maxLength: 300 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(set, { minLength: 2, maxLength: 6 }), async (sequence) => {
        for (const texts of sequence) await converge(wanted(...texts));
      }),
      { numRuns: 20 },
    );
  });

  test("ten thousand targets, most of them replaced, then all but one gone", async () => {
    const many = (offset: number): DesiredTable =>
      wanted(
        ...Array.from(
          { length: 10_000 },
          (_, at) => `10.${(at >> 8) + offset}.${at & 255}.${(at % 64) * 4}/31`,
        ),
      );
    await converge(many(0));
    await converge(many(20));
    await converge(wanted("10.20.0.0/31"));
  });
});

describe("what others do to the table is undone", () => {
  const table = "inet talos_kubespan";
  const set4 = `${table} kubespan_targets_ipv4`;
  test.each<[string, string]>([
    ["an emptied table", `flush table ${table}`],
    ["an emptied chain", `flush chain ${table} kubespan_outgoing`],
    ["an emptied chain that another leads to", `flush chain ${table} kubespan_clamp`],
    ["a rule fewer", `flush chain ${table} kubespan_outside`],
    ["a rule added", `add rule ${table} kubespan_prerouting counter drop`],
    ["a rule put first", `insert rule ${table} kubespan_outgoing oifname "eth0" accept`],
    ["a chain added", `add chain ${table} extra`],
    ["a set added", `add set ${table} extra { type ipv4_addr; }`],
    ["a chain that drops", `add chain ${table} kubespan_outgoing { policy drop; }`],
    ["an element added", `add element ${set4} { 192.0.2.0/24 }`],
    ["a range added", `add element ${set4} { 192.0.2.3-192.0.2.9 }`],
    ["an IPv6 range added", `add element ${table} kubespan_targets_ipv6 { fd01::3-fd01::9 }`],
    ["an element with a comment", `add element ${set4} { 192.0.2.0/24 comment "a, } b" }`],
    ["an element removed", `delete element ${set4} { 10.7.0.0/16 }`],
    ["an element narrowed", `delete element ${set4} { 10.7.0.0/16 }\nadd element ${set4} { 10.7.0.0/25 }`],
    ["an emptied set", `flush set ${set4}`],
    ["a node added", `add element ${table} kubespan_hosts_ipv4 { 192.0.2.1 }`],
    ["a block added that is none", `add element ${table} kubespan_blocks_ipv4 { 192.0.2.1 }`],
    ["a block removed", `delete element ${table} kubespan_blocks_ipv4 { 10.0.0.0 }`],
    ["emptied blocks", `flush set ${table} kubespan_blocks_ipv6`],
    ["a table switched off", `add table ${table} { flags dormant; }`],
    ["a deleted table", `delete table ${table}`],
    ["a flushed ruleset", "flush ruleset"],
    [
      "a table of the same name",
      `delete table ${table}\ntable ${table} { map m { type ipv4_addr : verdict; elements = { 1.2.3.4 : drop } }; }`,
    ],
    [
      "sets without intervals",
      `delete table ${table}\ntable ${table} { set kubespan_targets_ipv4 { type ipv4_addr; elements = { 1.2.3.4 } }; }`,
    ],
  ])("%s", async (_name, edit) => {
    const desired = wanted("10.0.0.0/24", "10.7.0.0/16", "fd00::/64");
    await converge(desired);
    await nft(edit);
    expect(planTable(desired, await observeTable(namespace.run, "kubespan"))).toHaveLength(1);
    await converge(desired);
  });
});

test.each([false, true])("a command that fails (after its work: %s) does no harm", async (afterwards) => {
  for (const desired of [wanted("10.0.0.0/24"), wanted("10.0.0.0/25", "10.0.1.0/24"), undefined]) {
    const plan = planTable(desired, await observeTable(namespace.run, "kubespan"));
    await expect(apply(failing(namespace.run, 1, afterwards), plan)).rejects.toThrow("out of order");
    await converge(desired);
  }
});
