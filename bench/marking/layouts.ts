import type { Namespace } from "../../lab/namespace.ts";
import { noExits, planTable } from "../../src/nftables/index.ts";
import { type Family, families, networks, podNetworks, targets } from "./peers.ts";

/** A layout of rules that lead packets for peers into the mesh. */
export interface Layout {
  readonly name: string;
  readonly tellApart: string;
  /** The programs that the layout needs besides nft and ip. */
  readonly needs?: readonly string[];
  readonly tracksConnections?: false;
  readonly install: (host: Namespace, peers: number) => Promise<void>;
}

const marks = { fromWireGuard: 0x20, toWireGuard: 0x40 };

/** The options of the daemon's table with the default configuration, on a node that advertises nothing. */
export const options: Omit<NonNullable<Parameters<typeof planTable>[0]>, "targets"> = {
  marks,
  interfaceName: "kubespan",
  isClosed: true,
  mtu: 1420,
  listenPort: 51_820,
  answerOutside: true,
  strictIngress: "pods",
  registryPorts: [],
  acceptedFamilies: [4, 6],
  uplinks: [],
  otherMeshes: [],
  exits: noExits,
  pods: [],
  tolerated: [],
  own: [],
  ownPods: [],
};

/** Adds the rule that sends marked packets to table 180; see bench/marking/host.ts. */
async function fwmarkRule(host: Namespace): Promise<void> {
  for (const family of families)
    await host.run(
      "ip",
      `-${family}`,
      "rule",
      "add",
      "priority",
      "32500",
      "fwmark",
      "0x40/0x60",
      "lookup",
      "180",
    );
}

const chains = (rules: readonly string[]): string =>
  [
    ["prerouting", "type filter hook prerouting priority filter; policy accept;"],
    ["outgoing", "type route hook output priority filter; policy accept;"],
  ]
    .map(([name, head]) => `chain ${name} {\n${[head, ...rules].join("\n")}\n}`)
    .join("\n");

const setMark = "meta mark set meta mark & 0xffffffdf | 0x00000040 accept";
const netOf = (family: Family): string => (family === 4 ? "ip" : "ip6");

async function minimal(host: Namespace): Promise<void> {
  await fwmarkRule(host);
  for (const [family, all] of [
    [4, "10.0.0.0/8"],
    [6, "2001:db8::/46"],
  ] as const)
    await host.nft(
      `table ${netOf(family)} minimal {\n${chains([`${netOf(family)} daddr ${all} ${setMark}`])}\n}\n`,
    );
}

async function ours(host: Namespace, peers: number): Promise<void> {
  await fwmarkRule(host);
  const pods = podNetworks(peers);
  const [step] = planTable({ ...options, targets: targets(peers), pods }, { kind: "absent" });
  await host.nft(String(step?.commands[0]?.input));
}

async function reference(host: Namespace, peers: number): Promise<void> {
  await fwmarkRule(host);
  await host.nft(referenceTable((family) => networks(family, peers)));
}

/** A table with anonymous interval sets in its rules, so that each change replaces the table. */
export function referenceTable(networksIn: (family: Family) => readonly string[]): string {
  const steer = families.map(
    (family) => `${netOf(family)} daddr { ${networksIn(family).join(", ")} } ${setMark}`,
  );
  const rules = ["meta mark & 0x00000060 == 0x00000020 accept", ...steer];
  return `table inet reference {\n${chains(rules)}\n}\n`;
}

const mangle = (rules: readonly string[]): string =>
  [
    "*mangle",
    ...["PREROUTING", "OUTPUT"].flatMap((chain) => rules.map((rule) => `-A ${chain} ${rule}`)),
    "COMMIT",
    "",
  ].join("\n");

const restore = (host: Namespace, family: Family, text: string): Promise<unknown> =>
  load(host, family === 4 ? "iptables-restore" : "ip6tables-restore", text);

/** Loads text through a file, because some tools read standard input only from a pipe. */
async function load(host: Namespace, command: string, text: string): Promise<void> {
  await host.write("/run/rules", text);
  await host.run("sh", "-c", `${command} </run/rules`);
}

async function ipset(host: Namespace, peers: number): Promise<void> {
  await fwmarkRule(host);
  for (const family of families) {
    const lines = networks(family, peers).map((network) => `add targets${family} ${network}`);
    const create = `create targets${family} hash:net family ${family === 4 ? "inet" : "inet6"}`;
    await load(host, "ipset restore", `${[create, ...lines].join("\n")}\n`);
    const rule = `-m set --match-set targets${family} dst -j MARK --set-xmark 0x40/0x60`;
    await restore(host, family, mangle(["-m mark --mark 0x20/0x60 -j RETURN", rule]));
  }
}

async function iptables(host: Namespace, peers: number): Promise<void> {
  await fwmarkRule(host);
  for (const family of families) {
    const rules = networks(family, peers).map((network) => `-d ${network} -j MARK --set-xmark 0x40/0x60`);
    await restore(host, family, mangle(["-m mark --mark 0x20/0x60 -j RETURN", ...rules]));
  }
}

async function ipRules(host: Namespace, peers: number): Promise<void> {
  for (const family of families) {
    const lines = networks(family, peers).map(
      (network) => `rule add priority 32500 to ${network} lookup 180`,
    );
    await load(host, `ip -${family} -batch -`, `${lines.join("\n")}\n`);
  }
}

/**
 * A layout from a file of nft. Before its rules stand the networks of the peers, as `$peers4` and `$peers6`. It has to set
 * the mark 0x40/0x60 on what it steers, like all others here.
 */
export const ownLayout = (name: string, text: string): Layout => ({
  name,
  tellApart: `the rules of ${name}`,
  install: async (host, peers) => {
    await fwmarkRule(host);
    const defined = families.map(
      (family) => `define peers${family} = { ${networks(family, peers).join(", ")} }`,
    );
    await host.nft(`${[...defined, text].join("\n")}\n`);
  },
});

export const baseline = "no table";
export const yardstick = "minimal hook";

export const layouts: readonly Layout[] = [
  { name: baseline, tellApart: "nothing is marked", install: async () => {} },
  {
    name: "no table, no conntrack",
    tellApart: "the same on a host on which nothing tracks connections",
    tracksConnections: false,
    install: async () => {},
  },
  { name: yardstick, tellApart: "per hook one chain with one rule, which knows no peers", install: minimal },
  {
    name: `${yardstick} again`,
    tellApart: "the same on another host: how far it is from 1 is noise",
    install: minimal,
  },
  { name: "ours", tellApart: "the table that the daemon makes", install: ours },
  {
    name: "anonymous sets",
    tellApart: "interval sets within the rules, as in the reference",
    install: reference,
  },
  {
    name: "ipset",
    tellApart: "iptables with hash:net sets",
    needs: ["ipset", "iptables-restore"],
    install: ipset,
  },
  {
    name: "iptables",
    tellApart: "one rule for each network",
    needs: ["iptables-restore"],
    install: iptables,
  },
  { name: "ip rule", tellApart: "one routing rule for each network", install: ipRules },
];
