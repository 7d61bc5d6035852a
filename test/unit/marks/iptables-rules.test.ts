import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { IptablesScanner } from "../../../src/marks/index.ts";
import { iptablesMarkUses } from "../../../src/marks/iptables-rules.ts";
import { ours } from "./ours.ts";

const warningsOf = (...rules: string[]): string[] => {
  const scanner = new IptablesScanner(ours, "iptables-legacy");
  for (const line of ["*mangle", ":OUTPUT ACCEPT [0:0]", ...rules, "COMMIT"]) scanner.line(line);
  return scanner.warnings().map(({ who, what }) => `${who}: ${what}`);
};

/** As their documentation and sources describe them, in the words of iptables-save. */
const peaceful = [
  "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000",
  "-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN",
  "-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0",
  '-A KUBE-FIREWALL -m comment --comment "marked --mark 0x40" -m mark --mark 0x8000/0x8000 -j DROP',
  "-A cali-PREROUTING -j MARK --set-xmark 0x0/0xf0000",
  "-A cali-PREROUTING -m mark --mark 0x10000/0x10000 -j ACCEPT",
  "-A CILIUM_PRE_mangle ! -o lo -m socket --transparent -m mark ! --mark 0xe00/0xf00 -j MARK --set-xmark 0x200/0xffffffff",
  "-A CILIUM_PRE_mangle -p tcp -m mark --mark 0x3a8b0200 -j TPROXY --on-port 35642 --on-ip 127.0.0.1 --tproxy-mark 0x200/0xffffffff",
  "-A CILIUM_OUTPUT_raw -o lxc+ -m mark --mark 0xa00/0xfffffeff -j CT --notrack".replace(
    "/0xfffffeff",
    "/0xf00",
  ),
  "-A ts-forward -i tailscale0 -j MARK --set-xmark 0x40000/0xff0000",
  "-A ts-forward -m mark --mark 0x40000/0xff0000 -j ACCEPT",
  "-A PREROUTING -i eni+ -j CONNMARK --restore-mark --nfmask 0x80 --ctmask 0x80",
  "-A nixos-fw-rpfilter -m rpfilter --validmark -j RETURN",
  "-A PREROUTING -m rpfilter --loose --invert -j DROP",
  "-A PREROUTING -i eth0 -m rpfilter --invert -j DROP",
  "-A PREROUTING ! -i kubespan -m rpfilter --invert -j DROP",
  "-A DOCKER-INGRESS -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.18.0.2:80",
];

const colliding: readonly (readonly [string, string[]])[] = [
  ["-A OUTPUT -j MARK --set-xmark 0x40/0x40", ["changes 0x40 of the packet mark"]],
  ["-A OUTPUT -j MARK --set-xmark 0x0/0xff", ["changes 0x60 of the packet mark"]],
  ["-A OUTPUT -j MARK --set-xmark 0x40/0xffffffff", ["sets 0x40 of the packet mark"]],
  ["-A OUTPUT -j MARK --set-xmark 0x1/0xffffffff", ["replaces the packet mark whole"]],
  ["-A OUTPUT -m mark --mark 0x1/0xff -j DROP", ["reads 0x60 of the packet mark"]],
  ["-A OUTPUT -m connmark --mark 0x20/0x20 -j DROP", ["reads 0x20 of the connection mark"]],
  ["-A OUTPUT -j CONNMARK --set-xmark 0x20/0x20", ["changes 0x20 of the connection mark"]],
  [
    "-A OUTPUT -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff",
    ["copies the whole connection mark from the packet mark, our bits included"],
  ],
  ["-A OUTPUT -j CONNMARK --restore-mark", ["copies the whole packet mark from the connection mark"]],
  ["-A OUTPUT -j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff", ["changes 0x60 of the packet mark"]],
  ["-A OUTPUT -m rpfilter --invert -j DROP", ["drops what comes out of the mesh"]],
];

describe("a rule of iptables", () => {
  test.each(peaceful)("is none of our business: %s", (rule) => {
    expect(warningsOf(rule)).toEqual([]);
  });

  test.each(colliding)("%s", (rule, kinds) => {
    const found = warningsOf(rule);
    expect(found).toHaveLength(kinds.length);
    for (const [at, kind] of kinds.entries())
      expect(found[at]).toContain(`iptables-legacy table mangle, chain OUTPUT: ${kind}`);
  });

  test("of any text is read without harm", () => {
    const word = fc.constantFrom(
      "-A",
      "-m",
      "mark",
      "--mark",
      "-j",
      "MARK",
      "CONNMARK",
      "--set-xmark",
      "0x1/0xzz",
      '"',
      "/",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string()), { maxLength: 20 }), (words) => {
        for (const { bits } of iptablesMarkUses(words.join(" "))) expect(bits >>> 0).toBe(bits);
      }),
      { numRuns: 1000 },
    );
  });
});
