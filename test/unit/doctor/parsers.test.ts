import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCapabilities, parseOsRelease, versionIn } from "../../../src/base/index.ts";
import { cniProgramsIn, parseMainRoute, readCilium, redirectsIn } from "../../../src/cni/index.ts";
import {
  distributionOf,
  flavoursOf,
  linksOfRoutes,
  linksWithPort,
  parseListeners,
  parseRelayMap,
  parseSynchronised,
} from "../../../src/doctor/index.ts";

describe("os-release", () => {
  it.each([
    ['PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n', "Debian GNU/Linux 12 (bookworm)", "debian"],
    ["ID=linuxmint\nID_LIKE='ubuntu debian'\n", "linuxmint", "debian"],
    ['NAME="Rocky Linux"\nID="rocky"\nID_LIKE="rhel centos fedora"\n', "rocky", "redhat"],
    ["ID=opensuse-leap\nID_LIKE='suse opensuse'", "opensuse-leap", "suse"],
    ["ID=flatcar\nID_LIKE=coreos\n", "flatcar", "other"],
    ["ID=constructor", "constructor", "other"],
    ["", "an unknown distribution", "other"],
  ])("%j", (text, name, family) => {
    expect(distributionOf(parseOsRelease(text))).toEqual({ name, family });
  });
});

describe("flavours", () => {
  it.each([
    [["/etc/kubernetes/kubelet.conf"], ["kubeadm"]],
    [["/run/k3s/containerd/containerd.sock", "/etc/rancher/k3s/k3s.yaml"], ["k3s"]],
    [["/run/k3s/containerd/containerd.sock", "/var/lib/rancher/rke2/agent"], ["rke2"]],
    [["/var/snap/microk8s/current"], ["microk8s"]],
    [[], []],
  ])("%j", (paths, expected) => {
    expect(flavoursOf(new Set(paths))).toEqual(expected);
  });
});

it.each([
  ["nftables v1.0.6 (Lester Gooch #5)", "1.0.6"],
  ["ip utility, iproute2-6.1.0, libbpf 1.1.2", "6.1.0"],
  ["wireguard-tools v1.0.20210914 - https://git.zx2c4.com/wireguard-tools/", "1.0.20210914"],
  ["setpriv from util-linux 2.38.1", "2.38.1"],
  ["sysctl from procps-ng 4.0.2", "4.0.2"],
  ["no number here", undefined],
])("the version in %j is %s", (text, version) => {
  expect(versionIn(text)).toBe(version);
});

describe("who listens", () => {
  const sockets = [
    'UNCONN 0      0            0.0.0.0:51820      0.0.0.0:*    users:(("wireguard-go",pid=71,fd=8))',
    'UNCONN 0      0               [::]:51820         [::]:*    users:(("wireguard-go",pid=71,fd=9))',
    "UNCONN 0      0            0.0.0.0:4789       0.0.0.0:*",
    'ESTAB  0      0        192.0.2.10:53111  192.0.2.20:9000 users:(("python3",pid=2466,fd=3))',
  ].join("\n");

  it.each([
    [53111, { isTaken: true, users: ["python3 (pid 2466)"] }],
    [9000, { isTaken: false, users: [] }],
    [51820, { isTaken: true, users: ["wireguard-go (pid 71)"] }],
    [4789, { isTaken: true, users: [] }],
    [1820, { isTaken: false, users: [] }],
  ])("port %i", (port, expected) => {
    expect(parseListeners(sockets, port)).toEqual(expected);
  });

  it("names WireGuard links by their port", () => {
    expect(linksWithPort("kubespan\t51820\nwg0\t51821\n", 51821)).toEqual(["wg0"]);
  });
});

it("reads the rest", () => {
  expect(parseSynchronised("Timezone=UTC\nNTPSynchronized=yes\n")).toBe(true);
  expect(parseSynchronised("NTPSynchronized=no")).toBe(false);
  expect(parseSynchronised("")).toBeUndefined();
  expect(parseCapabilities("CapPrm:\t0\nCapEff:\t000001ffffffffff\n")).toBe(0x1ffffffffffn);
  expect(linksOfRoutes('[{"dst":"default","gateway":"10.0.0.1","dev":"eth0"},{"dst":"default"}]')).toEqual([
    "eth0",
  ]);
});

it("survives any text", () => {
  const texts = fc.oneof(fc.string({ unit: "binary", maxLength: 300 }), fc.json());
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 65535 }), (text, port) => {
      expect(distributionOf(parseOsRelease(`PRETTY_NAME=${text}`)).name).toMatch(/^[\x20-\x7e]{1,100}$/);
      parseListeners(text, port);
      linksWithPort(text, port);
      versionIn(text);
      parseSynchronised(text);
      parseCapabilities(text);
      linksOfRoutes(text);
      cniProgramsIn(text);
      redirectsIn("eth0", text);
      parseMainRoute(text);
      readCilium({ header: text, runtime: text });
    }),
  );
});

describe("the map of a relay", () => {
  const listing = `table ip kubespan_relay {
	map addresses {
		typeof ip saddr . udp sport . @th,96,32 : ip daddr
		size 64000
		timeout 3m10s
		elements = { 203.0.113.2 . 28506 . 0x4d70ef03 expires 2m34s668ms : 203.0.113.1,
			     203.0.113.1 . 24411 . 0xe59f6011 expires 2m27s948ms : 203.0.113.2 }
	}
}`;

  it("tells how full it is", () => {
    expect(parseRelayMap("ip kubespan_relay", listing)).toEqual({
      table: "ip kubespan_relay",
      entries: 2,
      most: 64_000,
    });
  });

  it.each(["", "Error: No such file or directory", "size many"])("is none in %j", (text) => {
    expect(parseRelayMap("ip kubespan_relay", text)).toBeUndefined();
  });
});
