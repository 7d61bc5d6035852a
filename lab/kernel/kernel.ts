import { type Command, KubespanError, Secret } from "../../src/base/index.ts";
import type { Endpoint } from "../../src/net/index.ts";
import type { ReadSetting, Runner } from "../../src/system/index.ts";
import { fail, ToolFailure } from "./failure.ts";
import { ip } from "./ip.ts";
import { Links } from "./links.ts";
import { Ruleset } from "./nft.ts";
import { tc } from "./tc.ts";
import { wg } from "./wg.ts";
import { WireGuardDevice, WireGuardPeer } from "./wireguard.ts";

interface Surroundings {
  /** The clock of the machine, in milliseconds since 1970. */
  readonly clock: () => number;
  /** Tells whether a peer answers there. Its handshake is then done at once. */
  readonly answers: (publicKey: string, endpoint: Endpoint) => boolean;
}

/** The bytes of a handshake: an initiation and a keepalive are sent, and a response is received. */
const [calling, answering] = [148 + 32, 92];

/**
 * The part of a kernel that the mesh lives in, with the semantics of the real one: links, addresses, routes, rules, settings,
 * nft tables, programs at links, WireGuard devices. It is changed and read by commands, as the tools take them, and answers
 * and complains as they do; settings are read as from /proc. What no command of the mesh or of its tests needs is refused
 * like a typing error.
 * `test/netns/kernel-contract.test.ts` holds it to the real tools.
 */
export class FakeKernel {
  readonly links = new Links();
  readonly ruleset = new Ruleset();
  readonly devices = new Map<string, WireGuardDevice>();
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Carries a command out. Throws `KubespanError("command")` with the complaint of the tool. */
  readonly run: Runner = (command) => {
    try {
      return Promise.resolve(this.#carryOut(command));
    } catch (error) {
      if (!(error instanceof ToolFailure)) throw error;
      const line = `${command.program} ${command.args.slice(0, 4).join(" ")}`;
      return Promise.reject(new KubespanError("command", `${line} failed: ${error.message}`));
    }
  };

  /** Gives what /proc/sys has under a key. */
  readonly read: ReadSetting = (key) => Promise.resolve(this.links.settings.get(key));

  #carryOut({ program, args, input }: Command): string {
    const text = input instanceof Secret ? input.revealBase64() : input;
    switch (program) {
      case "ip":
        return this.#ip(args, text);
      case "nft":
        return this.ruleset.run(args, text);
      case "tc":
        return tc(this.links, args, text);
      case "sysctl":
        return this.links.settings.run(args);
      case "wireguard-go":
        this.links.add(args.at(-1) ?? "", "tun");
        this.#keepDevices();
        return "";
      case "wg":
        return wg(this, args, input);
      case "systemctl":
      case "systemd-notify":
        return fail(`no such tool: ${program}`);
    }
  }

  deviceOf(name: string): WireGuardDevice | undefined {
    return this.devices.get(name);
  }

  #ip(args: readonly string[], input: string | undefined): string {
    const output = ip({ links: this.links, onUp: (name) => this.call(name) }, args, input);
    this.#keepDevices();
    return output;
  }

  /** Makes a device for each link that has none, and removes those whose link is gone. */
  #keepDevices(): void {
    for (const { name, kind } of this.links.all.values())
      if ((kind === "wireguard" || kind === "tun") && !this.devices.has(name))
        this.devices.set(name, new WireGuardDevice(0, (publicKey) => new WireGuardPeer(publicKey)));
    for (const name of this.devices.keys()) if (!this.links.all.has(name)) this.devices.delete(name);
  }

  /** Lets a device that is up call the peers that it is to keep alive and has no session with. */
  call(name: string): void {
    const [device, link] = [this.devices.get(name), this.links.all.get(name)];
    if (!device || !link?.isUp) return;
    for (const peer of device.peers.values()) {
      const { endpoint, keepaliveSeconds, handshakeAt } = peer;
      if (endpoint === undefined || keepaliveSeconds === 0 || handshakeAt !== undefined) continue;
      peer.sentBytes += calling;
      if (!this.#around.answers(peer.publicKey, endpoint)) continue;
      peer.receivedBytes += answering;
      peer.handshakeAt = Math.floor(this.#around.clock() / 1000) * 1000;
    }
  }
}
