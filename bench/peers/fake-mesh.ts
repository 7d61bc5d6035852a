import { createHash } from "node:crypto";
import type { Cluster, LabNode } from "../../lab/index.ts";
import type { Affiliate } from "../../src/discovery/index.ts";
import { clusterPrefix } from "../../src/identity/index.ts";
import { networkOf, parseAddress, parseEndpoint, parsePrefix } from "../../src/net/index.ts";
import { FakeService } from "../discovery/fake-service.ts";
import { prefixText } from "./prefix-text.ts";

/** The affiliates `from` to `from + count - 1`, in the form of their `generation`. */
interface Range {
  readonly from: number;
  readonly count: number;
  readonly generation: number;
}

/**
 * A mesh of affiliates that no node stands behind. They announce an endpoint that drops packets, or none. Only what the
 * discovery service tells is made up. WireGuard is the real one, whose cost is measured: no fake kernel takes its place.
 */
export class FakeMesh {
  readonly #service: FakeService;
  readonly #cluster: Cluster;
  readonly #isDialled: boolean;

  static async start(node: LabNode, cluster: Cluster, isDialled: boolean): Promise<FakeMesh> {
    return new FakeMesh(await FakeService.start(node, "10.0.0.2", cluster), cluster, isDialled);
  }

  private constructor(service: FakeService, cluster: Cluster, isDialled: boolean) {
    this.#service = service;
    this.#cluster = cluster;
    this.#isDialled = isDialled;
  }

  /** Announces affiliates through `FakeService`. */
  tell({ from, count, generation }: Range): Promise<bigint> {
    const indices = Array.from({ length: count }, (_, offset) => from + offset);
    return this.#service.tell({ tell: indices.map((index) => this.#affiliate(index, generation)) });
  }

  stop(): Promise<void> {
    return this.#service.stop();
  }

  #affiliate(index: number, generation: number): Affiliate {
    const [high, low] = [index >> 8, index & 255];
    const ula = networkOf(clusterPrefix(this.#cluster.id)).replace("::", `::${(index + 1).toString(16)}`);
    return {
      nodeId: `peer${String(index).padStart(5, "0")}`.padEnd(43, "0"),
      addresses: [known(parseAddress(`100.64.${high}.${low}`))],
      hostname: `peer-${index}`,
      nodeName: `peer-${index}`,
      machineType: "worker",
      operatingSystem: "Debian GNU/Linux 12 (bookworm)",
      kubespan: {
        publicKey: keyOf(index),
        address: known(parseAddress(ula)),
        additionalAddresses: [known(parsePrefix(prefixText(index, generation)))],
        excludedNetworks: [],
        endpoints: this.#isDialled ? [known(parseEndpoint(`198.18.${high}.${low}:51820`))] : [],
      },
    };
  }
}

/**
 * A canonical public key without an owner. Its highest bit is zero, as that bit means nothing (RFC 7748, section 5).
 */
function keyOf(index: number): string {
  const bytes = createHash("sha256").update(`peer ${index}`).digest();
  bytes.writeUInt8(bytes.readUInt8(31) & 0x7f, 31);
  return bytes.toString("base64");
}

const known = <Value>(value: Value | undefined): Value => {
  if (value === undefined) throw new Error("a bad value in the bench");
  return value;
};
