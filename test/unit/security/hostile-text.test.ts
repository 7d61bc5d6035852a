import { describe, expect, test } from "vitest";
import type { Status } from "../../../src/api/status.ts";
import { printable, printableJson, printableLines } from "../../../src/base/text.ts";
import { doctorText } from "../../../src/cli/doctor-text.ts";
import { statusText } from "../../../src/cli/status-text.ts";
import { decodeAffiliate } from "../../../src/discovery/decode.ts";
import { encodeAffiliate } from "../../../src/discovery/encode.ts";
import { annotationNames } from "../../../src/discovery/kubernetes/annotations.ts";
import { readNode } from "../../../src/discovery/kubernetes/node.ts";
import { readAffiliate } from "../../../src/discovery/kubernetes/read-affiliate.ts";
import type { Facts, Finding } from "../../../src/doctor/index.ts";
import { physicalHardwareAddress } from "../../../src/identity/hardware-address.ts";
import { NftScanner } from "../../../src/marks/nft-rules.ts";
import { parseLinks } from "../../../src/routing/index.ts";
import { sample } from "../discovery/samples.ts";
import { ours } from "../marks/ours.ts";
import { disturbs, hostileTexts } from "./hostile-text.ts";

const status = (text: string): Status => ({
  work: { state: "failing", why: text, seconds: 1 },
  node: {
    nodeId: text,
    hostname: text,
    clusterId: text,
    publicKey: text,
    address: text as Status["node"]["address"],
    enabled: true,
    interfaceName: text,
    listenPort: 1,
    implementation: "kernel",
    mtu: 1420,
    pid: 1,
    startedAt: text,
    announcedAddresses: [],
    announcedEndpoints: [],
    observers: [],
    nat: {},
    portMapping: { state: "missing", why: "portMapping is off" },
    advertisedPrefixes: [],
    leftOut: [{ value: text, reason: text }],
    relay: { serves: false, pairs: 0, passed: 0, refused: 0, bytes: 0 },
    protection: { table: "shared", links: "whole" },
    racing: { mode: "auto", works: false, reason: text },
  },
  registries: [
    {
      name: text,
      location: text,
      phase: "connecting",
      error: text,
      affiliates: 0,
      refused: [{ nodeId: text, reason: text }],
    },
  ],
  peers: [],
  refusedAffiliates: [{ nodeId: text, label: text, reason: text }],
  warnings: [{ who: text, what: text }],
  masqueraded: 0,
  dropped: { outside: 0, tunnel: 0, entering: 0, leaving: 0, unaccepted: 0 },
  repairs: { table: 0, routing: 0, link: 0, settings: 0 },
  error: text,
});

const finding = (of: string): Finding => ({
  id: "marks",
  severity: "warning",
  text: of,
  evidence: of,
  fix: { advice: of },
});

/** The lines that do not merely go on with what a tool said. */
const beginnings = (text: string): string[] => text.split("\n").filter((line) => !/^ {15}/.test(line));

describe.each(hostileTexts)("%s", (_name, text) => {
  test("in any field of the status, it is shown in one line, and the JSON reads back as it was", () => {
    for (const all of [false, true]) {
      const shown = printableLines(statusText(status(text), { all }));
      expect(disturbs(shown)).toBe(false);
      // A harmless text of the same length and with the same spaces is broken into as many lines.
      const harmless = printable(text, Number.POSITIVE_INFINITY).replaceAll("?", "x");
      expect(shown.split("\n")).toHaveLength(statusText(status(harmless), { all }).split("\n").length);
    }
    const json = printableJson(status(text));
    expect(disturbs(json)).toBe(false);
    expect(JSON.parse(json)).toEqual(status(text));
  });

  test("in a finding of doctor, it begins no line as ours begin", () => {
    const facts = { distribution: { name: "d" }, kernel: { release: "r" }, flavours: [] } as unknown as Facts;
    const shown = printableLines(doctorText(facts, [finding(text)]));
    expect(disturbs(shown)).toBe(false);
    expect(beginnings(shown)).toHaveLength(beginnings(doctorText(facts, [finding("x")])).length);
  });

  test.each(["nodeId", "hostname", "nodeName", "operatingSystem"] as const)(
    "as the %s of an affiliate, it is refused, or is text that does nothing",
    (field) => {
      const decoded = decodeAffiliate(encodeAffiliate({ ...sample, [field]: text }), []);
      expect(disturbs(JSON.stringify(decoded))).toBe(false);
      if ("affiliate" in decoded) expect(text.length).toBeLessThan(300);
    },
  );

  test("in any annotation of a Node, and in its other texts, it is refused, or is text that does nothing", () => {
    for (const name of Object.values(annotationNames)) {
      const annotations = { [annotationNames.nodeId]: "id", [name]: text };
      const node = readNode({
        metadata: { name: "node", uid: text, resourceVersion: text, annotations },
        spec: { podCIDRs: [text] },
        status: { nodeInfo: { osImage: text } },
      });
      expect(disturbs(JSON.stringify(node && (readAffiliate(node) ?? null))), name).toBe(false);
    }
    const named = readNode({ metadata: { name: text } });
    expect(named === undefined || /^[a-z0-9.-]+$/.test(text)).toBe(true);
  });

  test("as a table, a chain or a comment of somebody's, it makes no other warning than a plain one", () => {
    const line = text.replaceAll("\n", " ");
    const scanner = new NftScanner(ours, ["inet talos_kubespan"]);
    for (const each of [`table inet ${line} {`, `\tchain ${line} {`, `\t\tcomment "${line}"`, "\t}", "}"])
      scanner.line(each);
    expect(scanner.warnings(true)).toEqual([]);
  });
});

/** iproute2 escapes quotes and backslashes in names, and line ends, but no other control character. */
test("a link whose name has control characters does not end the reading of all links", () => {
  const name = "x\u001b[31m\u0001\u007f";
  const text = `[{"ifindex":1,"ifname":"lo","link_type":"loopback","flags":["UP"],"mtu":65536,"addr_info":[]},\n{"ifindex":7,"ifname":"${name}","link_type":"ether","flags":[],"mtu":1500,"addr_info":[]}]\n`;
  expect(parseLinks(text).map((link) => link.name)).toEqual(["lo", name]);
  expect(() => physicalHardwareAddress(text)).not.toThrow();
});
