import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  Capture,
  type ConfigOptions,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  PingStream,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";

/*
 * Neither what the daemon does by itself lets a packet out in clear, nor what somebody else destroys until it is repaired.
 *
 *   a 203.0.113.1    b 203.0.113.2
 *     2001:db8::1      2001:db8::2
 *   ===+================+=== internet
 */
let lab: Lab;
let internet: Network;
let a: LabNode;
let b: LabNode;
let options: ConfigOptions;

beforeAll(async () => {
  lab = await Lab.open();
  const { network, discovery, host } = await publicNetwork(lab);
  internet = network;
  [a, b] = [await host("a", 1), await host("b", 2)];
  options = { cluster: newCluster(), services: [discovery.url] };
  for (const [at, node] of [a, b].entries()) {
    await node.address("eth0", `2001:db8::${at + 1}/64`);
    await node.start(options);
  }
  await bothUp();
});

afterAll(() => lab.close());

async function bothUp(): Promise<void> {
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  for (const target of targets)
    await waitFor(() => a.reaches(target), { what: `an answer of ${target} through the mesh` });
}

const targets = ["203.0.113.2", "2001:db8::2"];
const requests =
  "(icmp[icmptype] == icmp-echo and src host 203.0.113.1) or (icmp6 and ip6[40] == 128 and src host 2001:db8::1)";

const everyMs = 5;

/** The milliseconds between the first and the last ping from a to b in clear while `act` runs; none: `undefined`. */
async function openFor(act: () => Promise<unknown>): Promise<number | undefined> {
  const capture = await Capture.start(lab, internet);
  const streams: PingStream[] = [];
  for (const target of targets) streams.push(await PingStream.start(a, target, everyMs / 1000));
  try {
    await act();
    await bothUp();
    for (const pings of streams) await pings.moreAnswers(20);
  } finally {
    for (const pings of streams) await pings.stop();
    await capture.stop();
  }
  expect((await capture.lines("udp port 51820")).length).toBeGreaterThan(20);
  const clear = await capture.lines(requests);
  return clear.length === 0 ? undefined : (clear.length * everyMs) / targets.length;
}

describe("nothing leaves in clear", () => {
  it("while the configuration is read again, changed and changed back", async () => {
    const open = await openFor(async () => {
      for (const daemon of [{ advertisedPrefixes: ["10.244.1.0/24"] }, {}]) {
        await a.daemon.configure({ ...options, daemon });
        a.daemon.signal("SIGHUP");
        await b.daemon.waitForStatus(
          "a's networks",
          ({ peers }) =>
            peers[0]?.allowedIPs.includes("10.244.1.0/24" as never) === "advertisedPrefixes" in daemon,
        );
      }
    });
    expect(open).toBeUndefined();
  });

  it("while the peer is lost and comes back", async () => {
    const open = await openFor(async () => {
      await b.daemon.stop("SIGKILL");
      await b.run("ip", "link", "del", "kubespan");
      await b.daemon.start();
    });
    expect(open).toBeUndefined();
  });

  it("while the daemon is killed again and again", async () => {
    const open = await openFor(async () => {
      for (let round = 0; round < 3; round++) {
        await a.daemon.stop("SIGKILL");
        await a.daemon.start();
        await waitFor(() => a.daemon.status(), { what: "an answer of the daemon" });
      }
    });
    expect(open).toBeUndefined();
  });

  it("while the daemon is killed, its link taken away, and it starts again", async () => {
    const open = await openFor(async () => {
      await a.daemon.stop("SIGKILL");
      await a.run("ip", "link", "del", "kubespan");
      await a.daemon.start();
    });
    expect(open).toBeUndefined();
  });

  it("while the link is gone for long, because no daemon runs", async () => {
    await a.daemon.stop("SIGKILL");
    const capture = await Capture.start(lab, internet);
    await a.run("ip", "link", "del", "kubespan");
    expect((await a.ping("203.0.113.2")).received).toBe(0);
    await capture.stop();
    expect(await capture.lines("icmp")).toEqual([]);
    await a.daemon.start();
    await bothUp();
  });

  it.each([
    ["the link down", "ip link set kubespan down"],
    ["the link deleted", "ip link del kubespan"],
    ["the peer taken from the device", "wg set kubespan peer $(wg show kubespan peers) remove"],
    ["the route taken away", "ip route del default dev kubespan table 180"],
    ["another MTU", "ip link set kubespan mtu 1300"],
  ])("while this is repaired: %s", async (_name, command) => {
    expect(await openFor(() => a.run("sh", "-c", command))).toBeUndefined();
  });
});

const firewall = `table inet firewall {
  chain input { type filter hook input priority filter; policy accept; ct state established,related accept; }
  chain sources { type nat hook postrouting priority srcnat; oifname "none" masquerade; }
}
`;

const engine = `table ip filter {
  chain DOCKER-USER { counter return; }
  chain FORWARD { type filter hook forward priority filter; policy accept; counter jump DOCKER-USER; }
}
table ip nat {
  chain POSTROUTING { type nat hook postrouting priority srcnat; policy accept;
    oifname != "docker0" ip saddr 172.17.0.0/16 counter masquerade; }
}
`;

/** As Debian's `netfilter-persistent` loads it; real iptables, on top of nft. */
const saved = `*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
COMMIT
*mangle
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -o eth0 -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -o docker0 -j MASQUERADE
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
`;
const eachFamily = "for f in iptables ip6tables; do";

/** As the tools of firewalls, container engines and network set-ups do it: what is there goes, their own comes. */
const destructions: readonly (readonly [string, string])[] = [
  ["the ruleset flushed", "nft flush ruleset"],
  ["our table deleted", "nft delete table inet talos_kubespan"],
  ["our table emptied", "nft flush table inet talos_kubespan"],
  ["the targets emptied", "nft flush set inet talos_kubespan kubespan_hosts_ipv4"],
  ["our rule deleted", "ip rule del priority 32500"],
  ["our routing table flushed", "ip route flush table 180"],
  ["a firewall reloaded", "nft flush ruleset; nft -f /run/firewall.nft"],
  [
    "what iptables-restore and a container engine put in the place of it",
    "nft flush ruleset; nft -f /run/engine.nft",
  ],
  ["iptables-restore", `${eachFamily} $f-restore </run/rules; done`],
  [
    "iptables emptied, its tables deleted, and iptables-restore",
    `${eachFamily} for t in raw mangle nat filter; do $f -t $t -F; $f -t $t -X; done; done; nft delete table ip filter; ` +
      `nft delete table ip6 nat; ${eachFamily} $f-restore </run/rules; done`,
  ],
  [
    "the ruleset flushed, and iptables-restore",
    `nft flush ruleset; ${eachFamily} $f-restore </run/rules; done`,
  ],
  [
    "the network set up anew",
    "nft flush ruleset; for f in 4 6; do ip -$f rule del priority 32500; ip -$f route flush table 180; done",
  ],
];

describe.each([0, 1, 2])(
  "with rp_filter %i, what others destroy opens nothing until it is repaired",
  (filter) => {
    beforeAll(async () => {
      await a.namespace.write("/run/firewall.nft", firewall);
      await a.namespace.write("/run/engine.nft", engine);
      await a.namespace.write("/run/rules", saved);
      await a.namespace.sysctl(
        `net.ipv4.conf.all.rp_filter=${filter}`,
        `net.ipv4.conf.eth0.rp_filter=${filter}`,
      );
    });

    it.each(destructions)("%s", async (_name, command) => {
      const open = await openFor(async () => {
        const { exitCode, stderr } = await a.namespace.attempt("sh", "-c", command);
        // Where the table has an owner, the kernel refuses what others do to it.
        if (exitCode !== 0) expect(stderr).toContain("Operation not permitted");
      });
      expect(open).toBeUndefined();
    });

    it("everything at once, again and again", async () => {
      const open = await openFor(async () => {
        for (let round = 0; round < 10; round++)
          await a.run(
            "sh",
            "-c",
            "nft flush ruleset; ip rule del priority 32500; ip route flush table 180 || true",
          );
      });
      expect(open).toBeUndefined();
    });
  },
);

it("while the ruleset is flushed for long, because no daemon runs", async () => {
  await a.daemon.stop("SIGKILL");
  const capture = await Capture.start(lab, internet);
  await a.run("nft", "flush", "ruleset");
  for (const target of targets) expect((await a.ping(target)).received).toBe(0);
  await capture.stop();
  expect(await capture.lines(requests)).toEqual([]);
  await a.daemon.start();
  await bothUp();
});

describe("where the operator allows it", () => {
  it("traffic to a peer that is down goes the normal way, and back when it is up", async () => {
    for (const node of [a, b]) {
      await node.daemon.configure({ ...options, mesh: { allowDownPeerBypass: true } });
      node.daemon.signal("SIGHUP");
    }
    await bothUp();
    const answersIn = async (): Promise<{ clear: number; sealed: number }> => {
      const capture = await Capture.start(lab, internet);
      await a.ping("203.0.113.2");
      await capture.stop();
      const clear = await capture.lines("icmp[icmptype] == icmp-echoreply");
      return { clear: clear.length, sealed: (await capture.lines("udp port 51820")).length };
    };
    expect((await answersIn()).clear).toBe(0);
    await b.daemon.stop("SIGKILL");
    await b.run("ip", "link", "del", "kubespan");
    await a.run("ip", "link", "del", "kubespan"); // or b would count as up until its last handshake is old
    await waitFor(async () => (await answersIn()).clear === 3, {
      what: "answers in clear",
      seconds: 120,
    });
    await b.daemon.start();
    await bothUp();
    await waitFor(async () => (await answersIn()).clear === 0, { what: "answers through the mesh" });
    expect((await answersIn()).sealed).toBeGreaterThan(0);
  });
});
