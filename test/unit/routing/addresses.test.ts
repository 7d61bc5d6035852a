import { describe, expect, test } from "vitest";
import { type Address, type Prefix, parseAddress, parsePrefix } from "../../../src/net/index.ts";
import { isContainerLink, type Link, type LinkAddress, ownAddresses } from "../../../src/routing/index.ts";

let index = 0;
const link = (name: string, ...addresses: (string | Partial<LinkAddress>)[]): Link => ({
  index: ++index,
  name,
  kind: undefined,
  up: true,
  mtu: 1500,
  hardwareAddress: undefined,
  isPort: false,
  addresses: addresses.map((each) => ({
    address: parseAddress(typeof each === "string" ? each : (each.address ?? "")) as Address,
    bits: 24,
    scope: "global",
    deprecated: false,
    tentative: false,
    ...(typeof each === "string" ? {} : each),
  })),
});

const single = (text: string): Partial<LinkAddress> => ({
  address: parseAddress(text) as Address,
  bits: text.includes(":") ? 128 : 32,
});

const kindOf = (kind: string, one: Link): Link => ({ ...one, kind });

const options = {
  interfaceName: "kubespan",
  advertisedPrefixes: [parsePrefix("10.244.1.0/24") as Prefix],
};

test.each<[string, Link, string]>([
  ["loopback", link("eth0", "127.0.0.1"), "it is a loopback address (on eth0)"],
  ["link-local", link("eth0", "fe80::1"), "it is link-local (on eth0)"],
  ["IPv4 link-local", link("eth0", "169.254.25.10"), "it is link-local (on eth0)"],
  ["of a network on lo", link("lo", "192.0.2.1"), "it is a network on the loopback link (on lo)"],
  [
    "of this host on lo",
    link("lo", { ...single("192.0.2.1"), scope: "host" }),
    "its scope is host, not global (on lo)",
  ],
  ["of a translation of IPv4", link("clat", single("192.0.0.1")), "it is reserved for protocols (on clat)"],
  [
    "of a network inside the machine",
    link("tmfifo_net0", "192.168.100.1"),
    "the link leads to what is inside this machine (on tmfifo_net0)",
  ],
  [
    "of another overlay",
    kindOf("wireguard", link("wt0", "100.64.0.7")),
    "the link is another overlay's (wireguard), and no default route leads there (on wt0)",
  ],
  [
    "of a bridge inside the machine",
    kindOf("bridge", link("br7", "10.9.0.1")),
    "the bridge has no port that leads out, and no default route leads there (on br7)",
  ],
  ["on the mesh's link", link("kubespan", "192.0.2.1"), "it is on the link of the mesh itself (on kubespan)"],
  ["a KubeSpan address", link("eth0", "fd7f:175a:b97c:5602::1"), "it is a KubeSpan address (on eth0)"],
  [
    "a SideroLink address",
    link("siderolink", "fd7f:175a:b97c:5603::1"),
    "it is a SideroLink address (on siderolink)",
  ],
  ["of a pod bridge", link("cni0", "10.244.7.1"), "the link belongs to containers or pods (on cni0)"],
  [
    "advertised",
    link("eth0", "10.244.1.9"),
    "it is inside 10.244.1.0/24, which this node advertises (on eth0)",
  ],
  ["of a link that is down", { ...link("eth0", "192.0.2.1"), up: false }, "the link is down (on eth0)"],
  [
    "tentative",
    link("eth0", { address: "2001:db8::1" as Address, tentative: true }),
    "it is tentative: duplicate address detection has not passed (on eth0)",
  ],
  [
    "of another scope",
    link("eth0", { address: "192.0.2.1" as Address, scope: "link" }),
    "its scope is link, not global (on eth0)",
  ],
])("an address that is left out: %s", (_name, one, reason) => {
  const [value = ""] = one.addresses.map(({ address }) => address);
  const isUsual = /loopback|link-local|mesh itself|pods|protocols|inside this machine/.test(reason) && {
    isUsual: true,
  };
  expect(ownAddresses([one], options)).toEqual({
    usable: [],
    undialled: [],
    leftOut: [{ value, reason, ...isUsual }],
  });
});

test("usable addresses come in a fixed order, each once", () => {
  const links = [
    link("eth0", "2001:db8::2", "192.0.2.9", "192.0.2.10"),
    link("wg0", "10.99.0.1"),
    link("eth1", "192.0.2.9", "fd12:3456:789a:1::1"),
    link("lo", single("192.0.2.10")),
  ];
  const own = ownAddresses(links, options);
  expect(own).toEqual({
    usable: ["192.0.2.9", "2001:db8::2", "192.0.2.10", "10.99.0.1", "fd12:3456:789a:1::1"],
    undialled: [],
    leftOut: [],
  });
  expect(ownAddresses(links.toReversed(), options)).toEqual(own);
});

test("what the node answers for is its own: also what is deprecated, and single addresses of lo; they come last", () => {
  const links = [
    link("lo", single("198.51.100.1"), single("2001:db8:3::1")),
    link("eth0", { address: "2001:db8::1" as Address, deprecated: true }, "2001:db8::2", "192.0.2.9"),
  ];
  expect(ownAddresses(links, options)).toEqual({
    usable: ["192.0.2.9", "2001:db8::2", "2001:db8::1", "198.51.100.1", "2001:db8:3::1"],
    undialled: [{ value: "2001:db8::1", reason: "it is deprecated (on eth0)" }],
    leftOut: [],
  });
});

describe("a link that may be inside the machine or another overlay's is the node's own", () => {
  test.each<[string, Link[]]>([
    ["where a default route leads there", [{ ...kindOf("tun", link("tun0", "10.8.0.2")), leadsOut: true }]],
    ["where its address is public", [kindOf("gre", link("gre1", "203.0.113.5"))]],
    [
      "where it is a bridge with hardware",
      [kindOf("bridge", link("azure0", "10.0.0.4")), { ...link("eth0"), isPort: true, master: "azure0" }],
    ],
    ["where it is a container's uplink", [kindOf("veth", link("eth0", "10.0.3.7"))]],
  ])("%s", (_name, links) => {
    const addresses = links.flatMap((one) => one.addresses.map(({ address }) => address));
    expect(ownAddresses(links, options)).toMatchObject({ usable: addresses, leftOut: [] });
  });
});

test("many addresses of one link that are left out are one line", () => {
  const many = Array.from({ length: 5000 }, (_, at) => `10.96.${Math.floor(at / 250)}.${(at % 250) + 1}`);
  expect(ownAddresses([link("kube-ipvs0", ...many)], options).leftOut).toEqual([
    {
      value: "10.96.0.1 and 4999 more",
      reason: "the link belongs to containers or pods (on kube-ipvs0)",
      isUsual: true,
    },
  ]);
});

describe("links of containers", () => {
  test.each(
    "cni0 cni-podman0 cbr0 flannel.1 flannel-v6.1 cali1234567890a tunl0 vxlan.calico wireguard.cali cilium_host cilium_vxlan lxc00aa lxc_health docker0 br-0123456789ab veth12ab virbr0 vnet3 kube-ipvs0 kube-bridge nodelocaldns tailscale0 weave antrea-gw0 ovn-k8s-mp0".split(
      " ",
    ),
  )("%s is one", (name) => expect(isContainerLink(name)).toBe(true));

  test.each(
    "eth0 ens5 enp1s0f0np0 eth0.100 bond0 br0 br-ex br-lan wlan0 wg0 tun0 kubespan team0 vlan10 ib0 dummy0".split(
      " ",
    ),
  )("%s is none", (name) => expect(isContainerLink(name)).toBe(false));
});
