import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configFile, kubespan, Lab, type LabNode, newCluster, publicNetwork } from "../../lab/index.ts";
import type { Finding } from "../../src/doctor/index.ts";

/*
 *   node 203.0.113.1       other 203.0.113.2      service 203.0.113.9
 *      |                      |                      |
 *   ===+======================+======================+=== internet
 */
let lab: Lab;
let node: LabNode;
let other: LabNode;

beforeAll(async () => {
  lab = await Lab.open();
  const { discovery, host } = await publicNetwork(lab);
  [node, other] = [await host("node", 1), await host("other", 2)];
  const options = { cluster: newCluster(), services: [discovery.url] };
  await node.start(options);
  await other.start(options);
  await node.daemon.waitForPeers("other");
});

afterAll(() => lab.close());

interface Report {
  readonly worst: string;
  readonly findings: readonly Finding[];
}

async function examined(on: LabNode): Promise<Report & { exitCode: number }> {
  const { exitCode, stdout } = await on.namespace.attempt(kubespan, "doctor", "-c", configFile, "-o", "json");
  return { exitCode, ...(JSON.parse(stdout) as Report) };
}

const severityOf = ({ findings }: Report, id: string): string | undefined =>
  findings.find((finding) => finding.id === id)?.severity;

const stateOf = async (on: LabNode): Promise<string[]> =>
  Promise.all([
    on.run("nft", "-s", "list", "ruleset"),
    on.run("ip", "rule"),
    on.run("ip", "-6", "rule"),
    on.run("ip", "-br", "address"),
    on.run("ip", "route", "show", "table", "all"),
    on.run("sh", "-c", "sysctl -a --pattern 'forward|rp_filter|disable_ipv6' | sort"),
  ]);

describe("kubespan doctor", () => {
  it("finds a working node sound, and knows what is its own", async () => {
    const before = await stateOf(node);
    const report = await examined(node);
    expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
    for (const id of [
      "config",
      "identity",
      "nftables",
      "link",
      "port",
      "routing",
      "discovery.http://203.0.113.9:3000",
    ])
      expect(severityOf(report, id), id).toBe("ok");
    // The mesh makes the kernel track all connections of the host: the room for them is compared.
    expect(report.findings).toContainEqual(
      expect.objectContaining({
        id: "conntrack",
        evidence: expect.stringMatching(/^\d+ of at most \d+ connections$/) as string,
      }),
    );
    expect(report.exitCode).toBe(report.worst === "warning" ? 10 : 0);
    expect(await stateOf(node)).toEqual(before);
    expect((await node.daemon.status()).peers).toHaveLength(1);
  });

  it("prints the same for people", async () => {
    const { stdout } = await node.namespace.attempt(kubespan, "doctor", "-c", configFile);
    expect(stdout).toMatch(/^ok {7}port: UDP port 51820 is used by our link$/m);
    expect(stdout).toMatch(/^0 errors, \d+ warnings?, \d+ notes?, \d+ ok$/m);
  });

  it("sees what is in the way", async () => {
    await other.daemon.command("down");
    await other.namespace.sysctl("net.ipv4.conf.all.rp_filter=1");
    await other.run("ip", "link", "set", "eth0", "mtu", "1300");
    await other.namespace.nft("table inet firewall { chain c { meta mark set 0x40\n}\n}");
    await other.run("ip", "rule", "add", "priority", "32500", "from", "192.0.2.1", "lookup", "main");
    await other.run("ip", "link", "add", "kubespan", "type", "bridge");
    await other.run(
      "ip",
      "link",
      "add",
      "flannel.1",
      "mtu",
      "1450",
      "type",
      "vxlan",
      "id",
      "1",
      "dstport",
      "51820",
    );
    await other.run("ip", "link", "set", "flannel.1", "up");
    await other.namespace.write(
      configFile,
      other.namespace.read(configFile).replace("203.0.113.9:3000", "203.0.113.9:3999"),
    );

    const before = await stateOf(other);
    const report = await examined(other);
    expect(report.exitCode).toBe(11);
    expect(
      Object.fromEntries(
        [
          "link",
          "port",
          "routing",
          "marks",
          "sysctl.rp_filter",
          "mtu.eth0",
          "mtu.flannel.1",
          "discovery.http://203.0.113.9:3999",
        ].map((id) => [id, severityOf(report, id)]),
      ),
    ).toEqual({
      link: "error",
      port: "error",
      routing: "error",
      marks: "warning",
      "sysctl.rp_filter": "warning",
      "mtu.eth0": "warning",
      "mtu.flannel.1": "warning",
      "discovery.http://203.0.113.9:3999": "error",
    });
    expect(await stateOf(other)).toEqual(before);
  });

  it("says when the configuration is wrong, and looks at the rest all the same", async () => {
    await other.namespace.write(configFile, "kind: Nonsense\n");
    const report = await examined(other);
    expect(report.exitCode).toBe(11);
    expect(severityOf(report, "config")).toBe("error");
    expect(severityOf(report, "tool.nft")).toBe("ok");
  });
});
