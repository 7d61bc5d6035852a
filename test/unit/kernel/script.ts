import { preferenceOf } from "../../../src/barrier/index.ts";
import { INPUT, type Step } from "../../../src/base/index.ts";
import { planTable, tableNameOf } from "../../../src/nftables/index.ts";
import { tableText } from "../../../src/nftables/table.ts";
import {
  type ContractStep,
  command,
  failing,
  failingTransaction,
  planned,
  step,
  transaction,
} from "./steps.ts";
import { barrier, farLink, keyOf, meshLink, peer, peers, privateKey, table, uplink } from "./values.ts";

const rule = "priority 32500 fwmark 0x40/0x60 lookup 180";
const name = tableNameOf(meshLink);
const place = preferenceOf(meshLink);
const longList = (number: number, ...allowedIPs: string[]): ContractStep => ({
  name: "a long list of allowed IPs comes from a file",
  commands: [
    {
      program: "wg",
      args: ["addconf", meshLink, INPUT],
      input: `[Peer]\nPublicKey = ${keyOf(number)}\n${allowedIPs.map((each) => `AllowedIPs = ${each}\n`).join("")}`,
    },
  ],
});

export const script: readonly ContractStep[] = [
  step(
    "a host with an uplink",
    `ip link add ${uplink} type veth peer name ${farLink}`,
    `ip link set ${uplink} address 02:00:00:00:00:03`,
    `ip link set ${farLink} address 02:00:00:00:00:02`,
    `ip link set ${farLink} up`,
    `ip link set ${uplink} up`,
    `ip -4 address add 192.0.2.1/24 dev ${uplink}`,
    `ip -6 address add 2001:db8::1/64 dev ${uplink} nodad`,
    `ip -4 route add default via 192.0.2.254 dev ${uplink}`,
    `ip -6 route add default via 2001:db8::fe dev ${uplink}`,
  ),
  step(
    "a second address of each family",
    `ip -4 address add 198.51.100.1/24 dev ${uplink}`,
    `ip -6 address add 2001:db8:1::1/64 dev ${uplink} nodad`,
  ),
  step(
    "which goes again",
    `ip -4 address del 198.51.100.1/24 dev ${uplink}`,
    `ip -6 address del 2001:db8:1::1/64 dev ${uplink}`,
  ),
  failing("a link of a name that is taken", `ip link add ${uplink} type dummy`),
  failing("a link that is not there comes up", "ip link set nowhere up"),
  failing("a link that is not there is deleted", "ip link del nowhere"),
  failing("an IPv4 address a second time", `ip -4 address add 192.0.2.1/24 dev ${uplink}`),
  failing("an IPv6 address a second time", `ip -6 address add 2001:db8::1/64 dev ${uplink} nodad`),
  failing("an address that is not there is deleted", `ip -4 address del 192.0.2.9/32 dev ${uplink}`),
  failing("a device that is not there is set", "wg set nowhere listen-port 7"),
  failing("a table that is not there is deleted", `nft delete table ${name}`),

  step("the barrier of table 180", "ip -4 route replace unreachable default table 180 metric 4278190080"),
  step("for IPv6", "ip -6 route replace unreachable default table 180 metric 4278190080"),
  step("the rules", `ip -4 rule add ${rule}`, `ip -6 rule add ${rule}`),
  failing("a rule a second time", `ip -4 rule add ${rule}`),
  step(
    "the same rule elsewhere, with who made it",
    `ip -4 rule add ${rule.replace("32500", "90")} protocol 180`,
  ),
  step("which goes again", `ip -4 rule del ${rule.replace("32500", "90")} protocol 180`),
  failing("a rule that is not there is deleted", `ip -4 rule del ${rule.replace("32500", "91")}`),
  planned("the table", planTable(table, { kind: "absent" })),
  failing(
    "a route through a link that is not there",
    `ip -4 route replace default dev ${meshLink} table 180`,
  ),

  {
    name: "a WireGuard device",
    commands: [
      {
        program: "wireguard-go",
        args: ["-f", meshLink],
        detached: { readyFile: `/var/run/wireguard/${meshLink}.sock`, device: "/dev/net/tun" },
      },
      command(`ip link set ${meshLink} mtu 1400`),
      {
        program: "wg",
        args: ["set", meshLink, "private-key", INPUT, "listen-port", "51820", "fwmark", "0x20"],
        input: privateKey,
      },
    ],
  },
  failing(
    "a route through a link that is down",
    `ip -4 route replace default dev ${meshLink} table 180 mtu 1400`,
  ),
  step("it comes up", `ip link set ${meshLink} up`),
  planned(
    "peers",
    peers(peer(2, "10.244.2.0/24", "192.0.2.77/32", "10.96.0.0/12"), peer(3, "2001:db8:2::1/128")),
  ),
  planned("allowed IPs move to another peer", peers(peer(3, "10.96.0.0/12", "2001:db8:2::1/128"))),
  longList(2, "10.96.0.0/12", "10.244.2.0/24", "192.0.2.77/32"),
  step(
    "a peer begins anew",
    `wg set ${meshLink} peer ${keyOf(3)} remove peer ${keyOf(3)} allowed-ips 2001:db8:2::1/128`,
  ),
  step("a peer that is not there is removed", `wg set ${meshLink} peer ${keyOf(9)} remove`),
  failing("a key that is none", `wg set ${meshLink} listen-port 7 peer AAAA remove`),
  failing("an allowed IP that is none", `wg set ${meshLink} peer ${keyOf(2)} allowed-ips 10.0/8`),
  step("no keepalive", `wg set ${meshLink} peer ${keyOf(3)} persistent-keepalive off`),
  step("an endpoint", `wg set ${meshLink} peer ${keyOf(3)} endpoint 192.0.2.254:9`),

  failing(
    "a route with a source that is not there",
    `ip -4 route replace default dev ${meshLink} table 180 mtu 1400 src 192.0.2.99`,
  ),
  step(
    "addresses",
    `ip -4 address add 192.0.2.1/32 dev ${meshLink} scope global`,
    `ip -4 address add 198.51.100.5/32 dev ${meshLink} scope link`,
    `ip -6 address add fd7f:175a:b97c:5602::1/64 dev ${meshLink} nodad`,
  ),
  step(
    "an address for which this link does not answer",
    `ip -4 route del local 192.0.2.1/32 dev ${meshLink} table 255`,
  ),
  failing(
    "one for which it does not answer any more",
    `ip -4 route del local 192.0.2.1/32 dev ${meshLink} table 255`,
  ),
  step(
    "the routes of table 180",
    `ip -4 route replace default dev ${meshLink} table 180 mtu 1400 src 192.0.2.1`,
    `ip -6 route replace default dev ${meshLink} table 180 mtu 1400 src fd7f:175a:b97c:5602::1`,
  ),
  step(
    "another MTU and source",
    `ip -4 route replace default dev ${meshLink} table 180 mtu 1300 src 198.51.100.5`,
  ),
  failing("a route a second time", `ip -4 route add default dev ${meshLink} table 180`),
  step(
    "the address of a route goes, and the route stays",
    `ip -4 address del 198.51.100.5/32 dev ${meshLink}`,
  ),
  step("the route again", `ip -4 route replace default dev ${meshLink} table 180 mtu 1400 src 192.0.2.1`),
  step(
    "the last IPv4 address of a link goes, and its routes",
    `ip -4 address del 192.0.2.1/32 dev ${meshLink}`,
  ),
  step(
    "they come back",
    `ip -4 address add 192.0.2.1/32 dev ${meshLink} scope global`,
    `ip -4 route replace default dev ${meshLink} table 180 mtu 1400 src 192.0.2.1`,
  ),
  step(
    "the IPv6 address of a route goes, and the route has no source",
    `ip -6 address del fd7f:175a:b97c:5602::1/64 dev ${meshLink}`,
  ),
  step(
    "it comes back, and the source",
    `ip -6 address add fd7f:175a:b97c:5602::1/64 dev ${meshLink} nodad`,
    `ip -6 route replace default dev ${meshLink} table 180 mtu 1400 src fd7f:175a:b97c:5602::1`,
  ),

  transaction("an element more", `add element ${name} kubespan_targets_ipv4 { 10.112.0.0/16 }`),
  transaction(
    "one that is there",
    `add element ${name} kubespan_targets_ipv4 { 10.112.0.0/16, 10.113.0.1/32 }`,
  ),
  failingTransaction("one that overlaps", `add element ${name} kubespan_targets_ipv4 { 10.112.0.0/17 }`),
  failingTransaction(
    "half of a transaction is nothing",
    `add element ${name} kubespan_targets_ipv4 { 10.200.0.0/16 }`,
    `delete element ${name} kubespan_targets_ipv4 { 10.201.0.0/16 }`,
  ),
  failingTransaction(
    "an element that is not there",
    `delete element ${name} kubespan_hosts_ipv4 { 192.0.2.78 }`,
  ),
  transaction(
    "an element less",
    `delete element ${name} kubespan_targets_ipv4 { 10.112.0.0/16, 10.113.0.1 }`,
  ),
  failingTransaction("a set that is not there", `flush set ${name} nowhere`),
  transaction(
    "a set is filled anew",
    `flush set ${name} kubespan_targets_ipv4`,
    `add element ${name} kubespan_targets_ipv4 { 10.96.0.0/12 }`,
  ),
  transaction("a target that nobody steers", `delete element ${name} kubespan_hosts_ipv4 { 192.0.2.77 }`),
  transaction("which comes back", `add element ${name} kubespan_hosts_ipv4 { 192.0.2.77 }`),
  transaction("a rule of somebody else's", `add rule ${name} kubespan_clamp accept`),
  failingTransaction("a chain that is in use", `delete chain ${name} kubespan_clamp`),
  failingTransaction("a rule that leads nowhere", `add rule ${name} kubespan_clamp jump nowhere`),
  failingTransaction(
    "a rule with a set that is not there",
    `add rule ${name} kubespan_clamp ip daddr @nowhere drop`,
  ),
  transaction("an empty chain", `flush chain ${name} kubespan_outgoing`),
  transaction(
    "a table in place of another",
    `add table ${name}`,
    `delete table ${name}`,
    tableText({ ...table, mtu: 1400 }),
  ),
  transaction(
    "a signed transaction",
    `add element ${name} kubespan_hosts_ipv4 { 192.0.2.78 }`,
    "add table inet kubespan_signature_0123456789abcdef",
    "delete table inet kubespan_signature_0123456789abcdef",
  ),

  planned("the second barrier", barrier),
  failing("its place is there already", `tc qdisc add dev ${uplink} clsact`),
  step("its place, made again, holds what it held", `tc qdisc replace dev ${uplink} clsact`),
  failing(
    "a filter that is not there",
    `tc filter del dev ${uplink} egress protocol all pref ${place} handle 7 bpf`,
  ),
  step("the table is gone, and the barrier holds", `nft delete table ${name}`),
  step("the rules are gone, too", `ip -4 rule del ${rule}`, `ip -6 rule del ${rule}`),
  step("the barrier is gone", `tc filter del dev ${uplink} egress pref ${place}`),
  failing("all filters of a place that has none", `tc filter del dev ${uplink} egress pref ${place}`),
  planned("the table and the barrier again", [
    ...planTable(table, { kind: "absent" }),
    ...barrier.map(withoutQdisc),
  ]),
  step("its place is gone", `tc qdisc del dev ${uplink} clsact`),
  step("the rules again", `ip -4 rule add ${rule}`, `ip -6 rule add ${rule}`),

  step("forwarding", "sysctl -q -w net/ipv4/ip_forward=1 net/ipv6/conf/all/forwarding=1"),
  step(
    "of one link",
    `sysctl -q -w net/ipv4/conf/${uplink}/forwarding=0 net/ipv6/conf/${uplink}/accept_ra=2`,
  ),
  step("not any more", "sysctl -q -w net/ipv4/ip_forward=0 net/ipv6/conf/all/forwarding=0"),
  failing("a setting that is not there", "sysctl -q -w net/ipv4/conf/nowhere/rp_filter=0"),
  step("settings of the mesh's link", `sysctl -q -w net/ipv4/conf/${meshLink}/rp_filter=2`),

  step("the mesh's link goes down", `ip link set ${meshLink} down`),
  step("it comes up without its routes", `ip link set ${meshLink} up`),
  step(
    "which come back",
    `ip -4 route replace default dev ${meshLink} table 180 mtu 1400 src 192.0.2.1`,
    `ip -6 route replace default dev ${meshLink} table 180 mtu 1400`,
  ),
  step("the link is gone, and packets are refused", `ip link del ${meshLink}`),
  failing("a device that was there", `wg set ${meshLink} listen-port 7`),
  step("the barrier of table 180 is gone", "ip -4 route del unreachable default table 180 metric 4278190080"),
  failing("it goes a second time", "ip -4 route del unreachable default table 180 metric 4278190080"),
];

function withoutQdisc(each: Step): Step {
  return { ...each, commands: each.commands.filter(({ args }) => args[0] !== "qdisc") };
}
