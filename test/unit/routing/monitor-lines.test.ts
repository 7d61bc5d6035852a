import { describe, expect, test } from "vitest";
import { isLossEvent, isPodEvent, isRelevantEvent } from "../../../src/routing/index.ts";

const scope = {
  interfaceName: "kubespan",
  table: 180,
  priority: 32500,
  marks: { fromWireGuard: 0x20, toWireGuard: 0x40 },
};

/** Recorded from `ip -o -N monitor label link address route rule netconf`, iproute2 6.1.0; names changed. */
describe("a line of ip monitor", () => {
  test.each([
    "[LINK]7: kubespan@d1: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc noqueue state DOWN group 0 ",
    "[LINK]Deleted 7: kubespan: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN group 0 ",
    "[LINK]2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group 0 ",
    "[ADDR]2: eth0    inet 192.0.2.4/24 scope 0 eth0\\       valid_lft forever preferred_lft forever",
    "[ADDR]Deleted 2: eth0    inet 192.0.2.4/24 scope 0 eth0\\       valid_lft forever preferred_lft forever",
    "[ROUTE]default dev kubespan table 180 scope 253 mtu 1420 ",
    "[ROUTE]Deleted default dev kubespan table 180 scope 253 mtu 1420 ",
    "[ROUTE]Deleted 10.244.2.0/24 dev kubespan proto 180 scope 253 src 192.0.2.4 metric 65000 mtu 1420 ",
    "[RULE]32500:\tfrom all fwmark 0x40/0x60 lookup 180",
    "[RULE]Deleted 32500:\tfrom all fwmark 0x40/0x60 lookup 180",
    "[RULE]512:\tfrom all to 10.0.3.7 lookup 254",
    "[RULE]Deleted 5270:\tfrom all lookup 52",
    "[NETCONF]inet kubespan rp_filter strict ",
    "[NETCONF]inet all forwarding on ",
    "[NETCONF]inet6 all forwarding off ",
    "something that another version says",
  ])("matters: %s", (line) => expect(isRelevantEvent(line, scope)).toBe(true));

  test.each([
    "[LINK]9: veth12ab@if2: <BROADCAST,MULTICAST,UP> mtu 1500 qdisc noqueue state UP group 0 ",
    "[LINK]Deleted 9: cali0123@if2: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN group 0 ",
    "[ADDR]4: cni0    inet 10.244.0.1/24 scope 0 cni0\\       valid_lft forever preferred_lft forever",
    "[ROUTE]local 1.2.3.4 dev c1 table 255 proto 2 scope 254 src 1.2.3.4 ",
    "[ROUTE]10.244.3.7 dev cali0123 scope 253 ",
    "[ROUTE]10.0.0.0/8 dev eth1 table 1800 ",
    "[RULE]32766:\tfrom all lookup 254",
    "[NETCONF]inet veth12ab forwarding on ",
    "[NETCONF]Deleted inet6 veth12ab ",
  ])("is noise: %s", (line) => expect(isRelevantEvent(line, scope)).toBe(false));
});

test.each([
  ["[LINK]9: lxc12ab@if2: <BROADCAST,MULTICAST,UP> mtu 1500 qdisc noqueue state UP group 0 ", true],
  ["[ROUTE]10.244.2.0/24 via 192.0.2.2 dev eth0 proto 3 ", true],
  ["[ROUTE]Deleted 10.244.2.0/24 via 192.0.2.2 dev eth0 ", true],
  ["[ROUTE]6 10.244.77.64/26 proto 80 ", true],
  ["[ROUTE]10.244.3.7 dev cali0123 scope 253 ", false],
  ["[ROUTE]10.0.0.0/8 via 192.0.2.2 dev eth1 table 1800 ", false],
  ["[ADDR]4: cni0    inet 10.244.0.1/24 scope 0 cni0", false],
])("a sign of a CNI at work: %s", (line, expected) => expect(isPodEvent(line)).toBe(expected));

test("only what was ours is a loss", () => {
  const losses = [
    "[RULE]Deleted 32500:\tfrom all fwmark 0x40/0x60 lookup 180",
    "[RULE]Deleted 5269:\tfrom all fwmark 0x40/0x60 lookup 180",
    "[ROUTE]Deleted default dev kubespan table 180 scope 253 mtu 1420 ",
    "[ROUTE]32500:\tfrom all fwmark 0x40/0x60 lookup 180",
    "[RULE]Deleted 5270:\tfrom all lookup 52",
    "[RULE]Deleted 5270:\tfrom all lookup 1800",
    "[ROUTE]Deleted 10.244.3.7 dev cali0123 scope 253 ",
  ].map((line) => isLossEvent(line, scope));
  expect(losses).toEqual([true, true, true, false, false, false, false]);
});
