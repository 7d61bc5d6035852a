import { expect } from "vitest";
import {
  type ConfigOptions,
  Lab,
  type LabNode,
  newCluster,
  type PublicNetwork,
  publicNetwork,
  type Translation,
} from "../../lab/index.ts";

type Router = Awaited<ReturnType<Lab["router"]>>;

/** An internet with nodes behind NATs that map by destination, which no direct path joins, and with relays. */
export class RelayWorld {
  readonly lab: Lab;
  readonly internet: PublicNetwork;
  readonly options: ConfigOptions;

  static async open(): Promise<RelayWorld> {
    const lab = await Lab.open();
    return new RelayWorld(lab, await publicNetwork(lab));
  }

  private constructor(lab: Lab, internet: PublicNetwork) {
    this.lab = lab;
    this.internet = internet;
    this.options = { cluster: newCluster(), services: [internet.discovery.url] };
  }

  get relayOptions(): ConfigOptions {
    return { ...this.options, daemon: { relay: { serve: true } } };
  }

  /** A node 192.168.LAST.11 behind a NAT 203.0.113.LAST. */
  async behind(
    name: string,
    last: number,
    translation: Translation = "masquerade fully-random",
  ): Promise<readonly [LabNode, Router]> {
    const { router, host } = await this.site(name, last, translation);
    return [await host(name, 11), router];
  }

  /** A site 192.168.LAST.0/24 behind a NAT 203.0.113.LAST, to which hosts 192.168.LAST.OWN are added. */
  async site(
    name: string,
    last: number,
    translation: Translation = "masquerade fully-random",
  ): Promise<{
    readonly router: Router;
    readonly host: (name: string, own: number) => Promise<LabNode>;
  }> {
    const network = await this.lab.network(`${name}-in`);
    const router = await this.lab.router(`${name}-nat`);
    await router.attach(this.internet.network, `203.0.113.${last}/24`);
    await router.attach(network, `192.168.${last}.1/24`);
    await router.translate(translation);
    const host = async (hostName: string, own: number): Promise<LabNode> => {
      const node = await this.lab.node(hostName);
      await node.attach(network, `192.168.${last}.${own}/24`);
      await node.defaultRoute(`192.168.${last}.1`);
      return node;
    };
    return { router, host };
  }

  /** A relay at 203.0.113.LAST, whose daemon runs. */
  async relay(name: string, last: number, options: ConfigOptions = this.relayOptions): Promise<LabNode> {
    const node = await this.internet.host(name, last);
    await node.namespace.sysctl("net.ipv4.ip_forward=1");
    await node.start(options);
    return node;
  }
}

export const addressOf = async (of: LabNode): Promise<string> => (await of.daemon.status()).node.address;

export const wayFrom = async (from: LabNode, to: string) =>
  (await from.daemon.status()).peers.find(({ label }) => label === to)?.way;

/** Waits until both ping each other, and expects the first to be reached by that relay. */
export async function meetBy(relay: string, one: LabNode, other: LabNode): Promise<void> {
  await one.daemon.waitForStatus(other.name, ({ peers }) =>
    peers.some(({ label, way, state }) => label === other.name && state === "up" && way?.kind === "relayed"),
  );
  expect(await wayFrom(one, other.name)).toMatchObject({ kind: "relayed", via: relay });
}
