import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type ConfigOptions,
  Lab,
  type LabNode,
  newCluster,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";

/** As kube-proxy, Calico, Docker and a firewall lay out theirs, with the marks that each of them uses. */
const foreignRules = `
table ip kube-proxy {
  map service-ips {
    type ipv4_addr . inet_proto . inet_service : verdict
    elements = { 10.96.0.1 . tcp . 443 : goto service-kubernetes }
  }
  chain service-kubernetes { ip saddr != 10.244.0.0/16 jump mark-for-masquerade
    meta l4proto tcp dnat to 203.0.113.1:6443
  }
  chain mark-for-masquerade { meta mark set mark or 0x4000
  }
  chain services { ip daddr . meta l4proto . th dport vmap @service-ips
  }
  chain nat-prerouting { type nat hook prerouting priority dstnat; policy accept; jump services
  }
  chain nat-output { type nat hook output priority -100; policy accept; jump services
  }
  chain nat-postrouting { type nat hook postrouting priority srcnat; policy accept;
    meta mark & 0x4000 == 0x4000 meta mark set mark xor 0x4000 masquerade fully-random
  }
}
table ip mangle {
  chain cali-PREROUTING { ct state established,related accept
    meta mark set mark and 0xfff4ffff
    iifname "cali*" meta mark set mark or 0x40000
  }
  chain PREROUTING { type filter hook prerouting priority mangle; policy accept; counter jump cali-PREROUTING
  }
}
table ip filter {
  chain DOCKER-USER { counter return
  }
  chain FORWARD { type filter hook forward priority filter; policy accept; counter jump DOCKER-USER
  }
  chain ts-forward { iifname "tailscale0" meta mark set meta mark & 0xff00ffff | 0x00040000
    meta mark & 0x00ff0000 == 0x00040000 accept
  }
}
table inet firewall {
  set kubespan_targets_ipv4 { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.168.0.0/16 }
  }
  chain input { type filter hook input priority filter; policy drop;
    iifname { "lo", "kubespan" } accept
    ct state vmap { established : accept, related : accept, invalid : drop }
    udp dport 51820 accept
    ip protocol icmp accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, echo-request } accept
  }
}
`;

const foreignRouting = [
  "ip rule add priority 9 fwmark 0x200/0xf00 lookup 2004",
  "ip rule add priority 5210 fwmark 0x80000/0xff0000 lookup main",
  "ip -6 rule add priority 9 fwmark 0x200/0xf00 lookup 2004",
  "ip route add local 0.0.0.0/0 dev lo table 2004",
  "ip route add 198.18.0.0/15 via 203.0.113.9 proto 80",
  "ip link add cni0 type bridge",
  "ip address add 10.244.1.1/24 dev cni0",
  "ip link set cni0 mtu 1400 up",
  "sysctl -qw net.ipv4.conf.cni0.rp_filter=2 net.ipv4.ip_forward=1",
];

let lab: Lab;
let a: LabNode;
let b: LabNode;
let options: ConfigOptions;

beforeAll(async () => {
  lab = await Lab.open();
  const { discovery, host } = await publicNetwork(lab);
  [a, b] = [await host("a", 1), await host("b", 2)];
  options = { cluster: newCluster(), services: [discovery.url] };
});

afterAll(() => lab.close());

const ownTable = /^(?:inet talos_kubespan|inet kubespan_\w+|ip6? kubespan_relay)$/;

/** Everything that is not the mesh's: each table with its handles, so that one that was made anew differs too. */
async function foreign(): Promise<string> {
  const tables = (await a.run("nft", "list", "tables"))
    .split("\n")
    .map((line) => line.replace(/^table /, ""));
  const listings = tables
    .filter((name) => name !== "" && !ownTable.test(name))
    .map((name) => a.run("nft", "-s", "-a", "list", "table", ...name.split(" ")));
  const routing = await a.run(
    "sh",
    "-c",
    `ip rule; ip -6 rule; for t in main local 2004; do ip route show table $t; done; ip -6 route show table main
     ip -br address; sysctl net.ipv4.ip_forward net.ipv4.conf.cni0 net.ipv4.conf.eth0`,
  );
  const lines = routing
    .split("\n")
    .filter((line) => !line.includes("kubespan") && !line.includes("fwmark 0x40/0x60"));
  return [...(await Promise.all(listings)), ...lines].join("\n");
}

it("nothing of anybody else's changes, from start to end", async () => {
  await a.namespace.nft(foreignRules);
  for (const line of foreignRouting) await a.run(...line.split(" "));
  const before = await foreign();
  expect(before).toContain("masquerade fully-random");
  const unchanged = async (): Promise<void> => expect(await foreign()).toBe(before);

  for (const node of [a, b]) await node.start(options);
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  await waitFor(() => a.reaches("203.0.113.2"), { what: "an answer through the mesh" });
  await unchanged();

  await b.daemon.configure({ ...options, daemon: { advertisedPrefixes: ["10.244.2.0/24", "fd44:2::/64"] } });
  b.daemon.signal("SIGHUP");
  const table = (): Promise<string> => a.run("nft", "list", "table", "inet", "talos_kubespan");
  await waitFor(async () => (await table()).includes("10.244.2.0"), { what: "a change of the targets" });
  await unchanged();

  for (const damage of [
    // One that belongs to the daemon cannot be deleted.
    "nft delete table inet talos_kubespan || nft list table inet talos_kubespan | grep -q 'flags owner'",
    "ip rule del priority 32500",
    "ip route flush table 180",
    "ip link del kubespan",
  ]) {
    const state = async (): Promise<string> =>
      [await table(), await a.run("sh", "-c", "ip rule; ip route show table 180; ip -br link")]
        .join("\n")
        .replace(/kubespan +.*/, "kubespan");
    const whole = await state();
    await a.run("sh", "-c", damage);
    await waitFor(async () => (await state()) === whole, {
      what: `a repair after ${damage}`,
      describe: state,
    });
    await unchanged();
  }

  // The one rule that comes before ours and leads elsewhere; that of a transparent proxy leads nowhere else.
  expect((await a.daemon.status()).warnings.map(({ who }) => who)).toEqual(["IPv4 routing rule 5210"]);
  expect(await a.run("ip", "rule", "show", "priority", "5209")).toContain("fwmark 0x40/0x60 lookup 180");
  await a.namespace.nft("table ip mangle { chain PREROUTING { meta mark set mark or 0x40\n}\n}");
  await a.daemon.waitForStatus("a warning", ({ warnings }) =>
    warnings.some(({ who, what }) => who.includes("ip mangle, chain PREROUTING") && what.includes("0x40")),
  );
  expect(await a.daemon.log()).toContain(
    "nft table ip mangle, chain PREROUTING changes 0x40 of the packet mark",
  );
  const withWarning = await foreign();
  expect((await a.daemon.command("down")).exitCode).toBe(0);
  expect(await foreign()).toBe(withWarning);
});
