import { describe, expect, test } from "vitest";
import { type Block, FirewallScanner } from "../../../src/marks/index.ts";
import type { Prefix } from "../../../src/net/index.ts";

const passage = {
  forwards: true,
  interfaceName: "kubespan",
  listenPort: 51820,
  networks: ["10.244.1.0/24" as Prefix],
};

function scanned(text: string, networks: readonly Prefix[] = passage.networks): Block[] {
  const scanner = new FirewallScanner(
    { ...passage, networks, forwards: networks.length > 0 },
    (table) => table === "inet talos_kubespan",
  );
  for (const line of text.split("\n")) scanner.nft(line);
  return scanner.blocks();
}

const table = (name: string, chain: string, hook: string, ...rules: string[]): string =>
  [
    `table ${name} {`,
    `\tchain ${chain} {`,
    `\t\ttype filter hook ${hook}`,
    ...rules.map((rule) => `\t\t${rule}`),
    "\t}",
    "}",
  ].join("\n");

const input = "input priority filter; policy drop;";
const forward = "forward priority filter; policy drop;";
const open = "input priority filter; policy accept;";

describe("a firewall that keeps the mesh out", () => {
  test.each<[string, string, object]>([
    [
      "Docker's policy",
      table("ip filter", "FORWARD", forward, "counter packets 0 bytes 0 jump DOCKER-USER"),
      {
        hook: "forward",
        missing: ["link"],
        refusal: "policy drop",
        place: { tool: "iptables" },
        manager: "nobody",
      },
    ],
    [
      "a last rule that rejects",
      table(
        "ip filter",
        "INPUT",
        open,
        "ct state established accept",
        "counter packets 3 bytes 9 reject with icmp host-prohibited",
      ),
      { hook: "input", missing: ["port", "link"], place: { tool: "iptables", chain: "INPUT" } },
    ],
    [
      "firewalld",
      table(
        "inet firewalld",
        "filter_INPUT",
        "input priority filter + 10; policy accept;",
        'iifname "lo" accept',
        "jump filter_INPUT_ZONES",
        "reject with icmpx admin-prohibited",
      ),
      { manager: "firewalld", hook: "input", missing: ["port", "link"] },
    ],
    [
      "ufw",
      table("ip filter", "INPUT", input, "counter packets 0 bytes 0 jump ufw-before-input"),
      { manager: "ufw", missing: ["port", "link"] },
    ],
    [
      "one that knows the port alone",
      table("inet filter", "input", input, "udp dport { 53, 51800-51900 } accept"),
      { missing: ["link"], place: { tool: "nft", table: "inet filter", chain: "input" } },
    ],
    [
      "one that knows the link alone",
      table("inet filter", "input", input, 'iifname { "lo", "kube*" } accept'),
      { missing: ["port"] },
    ],
  ])("%s", (_name, text, block) => {
    expect(scanned(text)).toMatchObject([block]);
  });

  test("in rules of the older iptables", () => {
    const scanner = new FirewallScanner(passage, () => false);
    for (const line of [
      "*filter",
      ":INPUT ACCEPT [0:0]",
      ":FORWARD DROP [0:0]",
      "-A INPUT -p udp -m udp --dport 22 -j ACCEPT",
      "-A INPUT -j REJECT --reject-with icmp-host-prohibited",
      "COMMIT",
    ])
      scanner.legacy("iptables-legacy", line);
    expect(scanner.blocks()).toMatchObject([
      { hook: "input", missing: ["port", "link"], place: { tool: "iptables-legacy" } },
      { hook: "forward", missing: ["link"] },
    ]);
  });
});

describe("a firewall that lets the mesh in", () => {
  test.each([
    ["that accepts everything", table("inet filter", "input", open, "tcp dport 22 accept")],
    [
      "with a rule for both",
      table("inet filter", "input", input, "udp dport 51820 accept", 'iifname "kubespan" accept'),
    ],
    [
      "with a rule of a CNI for its pods",
      table("ip filter", "FORWARD", forward, "ip saddr 10.244.0.0/16 counter packets 0 bytes 0 accept"),
    ],
    [
      "in a chain to which others lead",
      `${table("inet filter", "forward", forward, "jump mesh").slice(0, -2)}\n\tchain mesh {\n\t\toifname "kubespan" accept\n\t}\n}`,
    ],
    ["that is the mesh's own", table("inet talos_kubespan", "forward", forward)],
  ])("%s", (_name, text) => {
    expect(scanned(text)).toEqual([]);
  });

  test("of others, where there is nothing to forward for", () => {
    expect(scanned(table("ip filter", "FORWARD", forward), [])).toEqual([]);
  });

  test("rules of the older iptables for the port and the link", () => {
    const scanner = new FirewallScanner(passage, () => false);
    for (const line of [
      "*filter",
      ":INPUT DROP [0:0]",
      "-A INPUT -i kubespan -j ACCEPT",
      "-A INPUT -p udp -m multiport --dports 53,51000:52000 -j ACCEPT",
    ])
      scanner.legacy("iptables-legacy", line);
    expect(scanner.blocks()).toEqual([]);
  });
});

test("a policy that drops what is forwarded keeps a relay from its work, until a rule accepts its mark", () => {
  const blocksWith = (...rules: string[]): Block[] => {
    const relaying = { ...passage, networks: [], forwards: false, relays: true };
    const scanner = new FirewallScanner(relaying, () => false);
    for (const line of table("inet filter", "forward", forward, ...rules).split("\n")) scanner.nft(line);
    return scanner.blocks();
  };
  expect(blocksWith("ct state established accept")).toMatchObject([
    { hook: "forward", missing: ["relayed"] },
  ]);
  expect(blocksWith("meta mark & 0x00000060 == 0x00000020 accept")).toEqual([]);
  expect(scanned(table("inet filter", "forward", forward), [])).toEqual([]);
});
