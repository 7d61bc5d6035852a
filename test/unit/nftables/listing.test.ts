import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Prefix } from "../../../src/net/index.ts";
import { observedTargets, parseTable, planTable } from "../../../src/nftables/index.ts";
import { frame } from "./frame.ts";

/** nft 1.0.6, recorded. */
const recorded = `table inet talos_kubespan {
	set kubespan_hosts_ipv4 {
		type ipv4_addr
		size 16384
		elements = { 192.168.1.7, 192.168.1.9 }
	}

	set kubespan_blocks_ipv4 {
		type ipv4_addr
		size 16384
		elements = { 10.0.1.0 }
	}

	set kubespan_targets_ipv4 {
		type ipv4_addr
		flags interval
		elements = { 10.4.0.0/16, 172.16.0.3-172.16.0.9,
			     192.168.128.0/17 }
	}

	set kubespan_hosts_ipv6 {
		type ipv6_addr
		size 16384
	}

	set kubespan_blocks_ipv6 {
		type ipv6_addr
		size 16384
	}

	set kubespan_targets_ipv6 {
		type ipv6_addr
		flags interval
	}

	chain kubespan_arriving {
		iifname "kubespan" return
		ip saddr @kubespan_hosts_ipv4 ct mark set ct mark & 0xffffffbf | 0x00000020
		ip saddr & 255.255.255.0 == @kubespan_blocks_ipv4 ct mark set ct mark & 0xffffffbf | 0x00000020
		ip saddr @kubespan_targets_ipv4 ct mark set ct mark & 0xffffffbf | 0x00000020
	}

	chain kubespan_outside {
		iifname "kubespan" ct direction original ct mark set ct mark & 0xffffff9f
		ct direction reply accept
	}

	chain kubespan_clamp {
		meta nfproto ipv4 tcp flags syn tcp option maxseg size set 1368
		meta nfproto ipv6 tcp flags syn tcp option maxseg size set 1348
	}

	chain kubespan_forwarded {
		meta mark & 0x00000060 == 0x00000020 udp sport 51820 accept
		tcp flags syn jump kubespan_clamp
		meta mark set meta mark & 0xffffffdf | 0x00000040 accept
	}

	chain kubespan_own {
		oif "lo" accept
		ct mark & 0x00000060 == 0x00000020 ct direction reply accept
		meta mark & 0x00000060 == 0x00000020 udp sport 51820 accept
		tcp flags syn jump kubespan_clamp
		meta mark set meta mark & 0xffffffdf | 0x00000040 accept
	}

	chain kubespan_prerouting {
		type filter hook prerouting priority filter; policy accept;
		ct status ! confirmed jump kubespan_arriving
		ct mark & 0x00000060 == 0x00000020 jump kubespan_outside
		ip daddr 10.0.0.0/16 ip daddr & 255.255.255.0 == @kubespan_blocks_ipv4 goto kubespan_forwarded
		ip daddr 192.168.0.0/16 ip daddr @kubespan_hosts_ipv4 goto kubespan_forwarded
		ip daddr @kubespan_targets_ipv4 goto kubespan_forwarded
		accept
		meta mark & 0x00000060 == 0x00000020 accept
		ip daddr @kubespan_targets_ipv4 meta mark set meta mark & 0xffffffdf | 0x00000040 accept
		ip6 daddr @kubespan_targets_ipv6 meta mark set meta mark & 0xffffffdf | 0x00000040 accept
	}

	chain kubespan_outgoing {
		type route hook output priority filter; policy accept;
		ip daddr 192.168.0.0/16 ip daddr @kubespan_hosts_ipv4 goto kubespan_own
		ip daddr 10.0.0.0/16 ip daddr & 255.255.255.0 == @kubespan_blocks_ipv4 goto kubespan_own
		ip daddr @kubespan_targets_ipv4 goto kubespan_own
		accept
		meta mark & 0x00000060 == 0x00000020 accept
		ip daddr @kubespan_targets_ipv4 meta mark set meta mark & 0xffffffdf | 0x00000040 accept
		ip6 daddr @kubespan_targets_ipv6 meta mark set meta mark & 0xffffffdf | 0x00000040 accept
	}

	chain kubespan_astray {
		ip daddr 224.0.0.0/4 accept
		ip6 daddr ff00::/8 accept
		iif 0 @ll,48,48 != 0x0 accept
		counter drop
	}

	chain kubespan_unmarked {
		meta mark & 0x00000060 == 0x00000020 udp sport 51820 accept
		meta mark & 0x00000060 == 0x00000020 meta l4proto udp ct original proto-src 51820 meta mark set meta mark | 0x00000060 accept
		icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
		ct mark & 0x00000060 == 0x00000020 ct direction reply meta mark set meta mark | 0x00000060 accept
		iif 0 @ll,48,48 != 0x0 accept
		counter drop
	}

	chain kubespan_leaving {
		type filter hook postrouting priority 200; policy accept;
		oifname "kubespan" accept
		oif "lo" accept
		meta mark & 0x00000060 == 0x00000040 goto kubespan_astray
		ip daddr 192.168.0.0/16 ip daddr @kubespan_hosts_ipv4 goto kubespan_unmarked
		ip daddr 10.0.0.0/16 ip daddr & 255.255.255.0 == @kubespan_blocks_ipv4 goto kubespan_unmarked
		ip daddr @kubespan_targets_ipv4 goto kubespan_unmarked
		accept
	}
}
`;

const ours = recorded.replace("172.16.0.3-172.16.0.9,\n\t\t\t     ", "");
const targets = [
  "192.168.1.7/32",
  "192.168.1.9/32",
  "10.0.1.0/24",
  "10.4.0.0/16",
  "192.168.128.0/17",
] as Prefix[];
const planFor = (listing: string) => planTable({ ...frame, targets }, parseTable(listing));

describe("a listing of the table", () => {
  test("gives the elements as they stand there", () => {
    const table = parseTable(recorded);
    expect(table.kind === "present" && [...table.elements]).toEqual([
      ["kubespan_hosts_ipv4", ["192.168.1.7", "192.168.1.9"]],
      ["kubespan_blocks_ipv4", ["10.0.1.0"]],
      ["kubespan_targets_ipv4", ["10.4.0.0/16", "172.16.0.3-172.16.0.9", "192.168.128.0/17"]],
    ]);
    expect(observedTargets(table)).toEqual(targets);
    expect(planFor(recorded).flatMap((step) => step.commands.map(({ input }) => input))).toEqual([
      "delete element inet talos_kubespan kubespan_targets_ipv4 { 172.16.0.3-172.16.0.9 }\n",
    ]);
  });

  test.each<[string, (listing: string) => string]>([
    ["as recorded", (text) => text],
    ["operators in words", (text) => text.replaceAll(" & ", " and ").replaceAll(" | ", " or ")],
    ["brackets", (text) => text.replaceAll("meta mark & 0xffffffdf", "(meta mark & 0xffffffdf)")],
    ["short numbers", (text) => text.replaceAll("0x00000", "0x")],
    ["decimal numbers", (text) => text.replaceAll("0x00000040", "64")],
    ["no comparison sign", (text) => text.replaceAll(" == ", " ")],
    ["priority as a number", (text) => text.replaceAll("priority filter", "priority 0")],
    ["spaces for tabs", (text) => text.replaceAll("\t", "    ")],
    ["no empty lines", (text) => text.replaceAll("\n\n", "\n")],
    ["elements on one line each", (text) => text.replace("192.168.1.7, ", "192.168.1.7,\n\t\t\t     ")],
    ["sets with a count", (text) => text.replaceAll("size 16384", "size 16384\t# count 2")],
    ["no comparison with a set", (text) => text.replaceAll(" == @", " @")],
  ])("means the same: %s", (_name, change) => {
    expect(planFor(change(ours))).toEqual([]);
  });

  test.each<[string, (listing: string) => string]>([
    ["nothing", () => ""],
    ["another mark", (text) => text.replaceAll("0x00000040", "0x00000080")],
    ["all bits kept", (text) => text.replaceAll("& 0xffffffdf ", "")],
    ["a policy that drops", (text) => text.replace("policy accept", "policy drop")],
    ["another hook", (text) => text.replace("hook output", "hook postrouting")],
    ["a rule fewer", (text) => text.replace('\t\toif "lo" accept\n', "")],
    ["rules in another order", (text) => text.replace(/(\t\toif .*\n)(.*\n)/, "$2$1")],
    [
      "a lookup in an empty set",
      (text) =>
        text.replace(
          "\t\taccept\n",
          "\t\tip6 daddr @kubespan_hosts_ipv6 goto kubespan_forwarded\n\t\taccept\n",
        ),
    ],
    ["a lookup fewer", (text) => text.replace(/\t\tip daddr .*goto kubespan_own\n/, "")],
    ["another cover", (text) => text.replace("ip daddr 10.0.0.0/16", "ip daddr 10.1.0.0/16")],
    ["a cover in one chain only", (text) => text.replace("ip daddr 10.0.0.0/16 ", "")],
    ["another size", (text) => text.replace("size 16384", "size 16")],
    ["another type of set", (text) => text.replace("flags interval", "flags interval,timeout")],
    ["auto-merge", (text) => text.replace("flags interval", "flags interval\n\t\tauto-merge")],
    ["an element with a timeout", (text) => text.replace("192.168.1.7", "192.168.1.7 timeout 1h")],
    ["an element with a comment", (text) => text.replace("192.168.1.7", '192.168.1.7 comment "a, b } c"')],
    ["an element without an end", (text) => text.slice(0, text.indexOf(" }"))],
    ["elements outside a set", (text) => `elements = { 1.2.3.4 }\n${text}`],
    ["elements twice", (text) => text.replace(/(\t\telements.*\n)/, "$1$1")],
    ["an empty list", (text) => text.replace(/elements = .*/, "elements = { }")],
  ])("gets replaced as a whole: %s", (_name, change) => {
    const [step] = planFor(change(ours));
    expect(step?.commands[0]?.input).toMatch(
      /^add table inet talos_kubespan\ndelete table inet talos_kubespan\ntable inet talos_kubespan \{/,
    );
  });

  test("of any shape makes a plan and no failure", () => {
    const pieces = fc.constantFrom(
      ...ours.split(/(?<=[\s{},;])/),
      "}",
      "{",
      "elements = {",
      "\n",
      "0x",
      "@",
      '"',
    );
    const damaged = fc
      .tuple(fc.nat(ours.length), fc.nat(40), fc.string({ unit: "binary" }))
      .map(([at, length, text]) => ours.slice(0, at) + text + ours.slice(at + length));
    const anything = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(pieces).map((all) => all.join(" ")),
      damaged,
    );
    fc.assert(
      fc.property(anything, (text) => {
        for (const step of planFor(text))
          expect(step).toMatchObject({ stage: "swap", commands: [{ program: "nft" }] });
        observedTargets(parseTable(text));
      }),
      { numRuns: 1000 },
    );
  });
});
