import fc from "fast-check";
import { fateOf } from "../../../../lab/kernel/index.ts";
import { type Command, KubespanError } from "../../../../src/base/index.ts";
import type { Runner } from "../../../../src/system/index.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { address } from "../values.ts";
import { addressesOf, type Node, node } from "./nodes.ts";
import { anUplink, type Held, held, ruleset, Scene } from "./scene.ts";

/** A node with a mesh, what others then did to its kernel, and what the registries say now. */
export interface Case {
  readonly before: readonly Node[];
  readonly done: readonly Held[];
  readonly after: readonly Node[];
  /** Where Cilium has the links for itself, there is no second barrier. */
  readonly hasSecondBarrier: boolean;
}

const table = "inet talos_kubespan";
const mesh = "priority 32500 fwmark 0x40/0x60 lookup 180";

/** What others do; where it cannot be done, it is not. */
const doings: readonly Held[] = [
  held(`nft delete table ${table}`),
  ruleset(`flush chain ${table} kubespan_outgoing`),
  ruleset(`add rule ${table} kubespan_known accept`),
  ruleset(`flush set ${table} kubespan_hosts_ipv4`),
  ruleset(`add element ${table} kubespan_targets_ipv4 { 10.200.0.0/16 }`),
  held(`ip -4 rule del ${mesh}`),
  held(`ip -6 rule del ${mesh}`),
  held("ip -4 rule add priority 100 fwmark 0x40/0x40 lookup 254"),
  held("ip -4 route del unreachable default table 180 metric 4278190080"),
  held("ip -4 route del default dev kubespan table 180"),
  held("ip -4 route add 203.0.113.0/24 dev eth0 table 180"),
  held("ip link set kubespan down"),
  held("ip link set kubespan mtu 1300"),
  held("ip link del kubespan"),
  held("ip -4 address add 192.0.2.77/32 dev kubespan"),
  held("ip -6 address add fd00:0:0:2::9/64 dev kubespan nodad"),
  held("ip -4 address del 192.0.2.1/24 dev eth0", "ip -4 address add 192.0.2.11/24 dev eth0"),
  held("wg set kubespan listen-port 7 fwmark off"),
  held(`wg set kubespan peer ${Buffer.alloc(32, 3).toString("base64")} remove`),
  held(`wg set kubespan peer ${Buffer.alloc(32, 4).toString("base64")} allowed-ips 10.244.2.0/24`),
  held("sysctl -q -w net/ipv4/ip_forward=0"),
  held("tc qdisc del dev eth0 clsact"),
  held("tc filter del dev eth0 egress pref 18"),
];

const someNode = fc
  .record({
    number: fc.integer({ min: 2, max: 6 }),
    shape: fc.integer({ min: 0, max: 5 }),
    isSilent: fc.boolean(),
  })
  .map(({ number, shape, isSilent }) => node(number, { networks: networksOf(number, shape), isSilent }));

/** Some of them are asked for by several nodes. */
const networksOf = (number: number, shape: number): string[] =>
  [
    [],
    [`10.244.${number}.0/24`],
    [`10.244.${number}.0/24`, `2001:db8:${number}::/48`],
    ["10.96.0.0/12"],
    [`10.97.${number}.0/24`, "172.20.0.0/16"],
    ["10.244.2.0/24"],
  ][shape] ?? [];

const someNodes = fc.uniqueArray(someNode, { maxLength: 4, selector: ({ claim }) => claim.nodeId });

export const someCase: fc.Arbitrary<Case> = fc.record({
  before: someNodes,
  done: fc.subarray([...doings], { maxLength: 4 }),
  after: someNodes,
  hasSecondBarrier: fc.boolean(),
});

/** The node before the pass in question. */
export async function begin({ before, done, after, hasSecondBarrier }: Case): Promise<Scene> {
  const scene = new Scene(await temporaryFolder());
  if (!hasSecondBarrier) scene.kernel.links.plug("cilium_host");
  await scene.kernelHolds(anUplink);
  if (before.length > 0) {
    scene.registriesSay(before);
    await scene.settle();
  }
  for (const each of done) await scene.kernelHolds(each).catch(ignoreRefusal);
  scene.registriesSay(after);
  return scene;
}

export function ignoreRefusal(error: unknown): void {
  if (!(error instanceof KubespanError)) throw error;
}

/** Addresses that are steered for somebody, before or after; the last one is nobody's. */
export const probed = ({ before, after }: Case): string[] => [
  ...new Set([...before, ...after].flatMap(addressesOf)),
  "203.0.113.9",
];

/** Those to which a packet of the node, or of a pod, leaves in clear. */
export const inClear = ({ kernel }: Scene, addresses: readonly string[]): string[] =>
  addresses.filter(
    (to) =>
      fateOf(kernel, address(to)) === "clear" ||
      fateOf(kernel, address(to), { from: { link: "cni0" } }) === "clear",
  );

const isReading = ({ args }: Command): boolean =>
  ["show", "list", "-batch"].some((word) => args.includes(word));

/** What happens at the command of this number that changes something, counted from 0. */
type Trouble = { readonly at: number } & (
  | { readonly kind: "fails"; readonly isDone: boolean }
  | { readonly kind: "killed"; readonly onDeath: () => void }
);

/** Runs commands, but for the one that is in trouble; whoever is killed never hears of anything again. */
export function troubled(runner: Runner, trouble: Trouble): Runner {
  let seen = -1;
  return async (command) => {
    if (isReading(command)) return seen >= trouble.at && trouble.kind === "killed" ? never : runner(command);
    seen++;
    if (seen < trouble.at || (seen > trouble.at && trouble.kind === "fails")) return runner(command);
    if (trouble.kind === "killed") {
      trouble.onDeath();
      return never;
    }
    if (trouble.isDone) await runner(command);
    throw new KubespanError("command", `${command.program} failed: out of order`);
  };
}

const never = new Promise<string>(() => undefined);

/** Tells of each command that changed something. */
export const watched =
  (runner: Runner, onChange: (command: Command) => void): Runner =>
  async (command) => {
    const output = await runner(command);
    if (!isReading(command)) onChange(command);
    return output;
  };
