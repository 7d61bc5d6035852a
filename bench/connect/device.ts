import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { type LabNode, waitFor } from "../../lab/index.ts";
import { publicOf } from "../../src/handshake/index.ts";

/** A peer in the form that `wg set` takes. */
interface PlainPeer {
  readonly publicKey: string;
  readonly allowedIPs: string;
  readonly endpoint?: string;
  readonly keepalive?: number;
}

const link = "wg0";
const secretFile = "/run/secret";
const keyFile = "/run/key";

/**
 * A WireGuard device in userspace that only the benchmark manages. It is a real one with real sockets, because the benchmark
 * measures the time until a real handshake is done: no fake kernel takes its place.
 */
export class PlainDevice {
  readonly #node: LabNode;
  #publicKey = "";

  static async start(node: LabNode, address: string, presharedKey: string): Promise<PlainDevice> {
    await node.run("sh", "-c", `wireguard-go ${link} >/dev/null 2>&1`);
    await waitFor(() => node.run("wg", "show", link, "peers").then(() => true), { what: "wireguard-go" });
    await node.run("ip", "address", "add", address, "dev", link, "nodad");
    await node.run("ip", "link", "set", link, "up");
    await node.namespace.write(secretFile, presharedKey);
    const device = new PlainDevice(node);
    await device.renew();
    return device;
  }

  private constructor(node: LabNode) {
    this.#node = node;
  }

  get publicKey(): string {
    return this.#publicKey;
  }

  /** Sets a new key and removes all peers, so that no other device knows this one. */
  async renew(): Promise<void> {
    const key = randomBytes(32);
    this.#publicKey = Buffer.from(publicOf(key)).toString("base64");
    await this.#node.namespace.write(keyFile, key.toString("base64"));
    for (const peer of (await this.#node.run("wg", "show", link, "peers")).split("\n").filter(Boolean))
      await this.remove(peer);
    await this.#node.run("wg", "set", link, "private-key", keyFile, "listen-port", "51820");
  }

  async set({ publicKey, allowedIPs, endpoint, keepalive = 0 }: PlainPeer): Promise<void> {
    const where = endpoint === undefined ? [] : ["endpoint", endpoint];
    const rest = ["preshared-key", secretFile, "persistent-keepalive", String(keepalive)];
    await this.#node.run("wg", "set", link, "peer", publicKey, ...where, ...rest, "allowed-ips", allowedIPs);
  }

  async remove(publicKey: string): Promise<void> {
    await this.#node.run("wg", "set", link, "peer", publicKey, "remove");
  }
}

/**
 * Waits for a peer's first handshake and gives its time in milliseconds since 1970. The device itself knows the time to
 * the nanosecond, so a slow poll costs no precision.
 */
export const firstHandshake = (
  node: LabNode,
  device: string,
  publicKey: string,
  seconds: number,
): Promise<number> =>
  waitFor(async () => handshakeIn(await ask(node, device), publicKey), {
    what: "a handshake",
    seconds,
    pollMs: 10,
  });

export const plainLink = link;

/** Asks wireguard-go's control socket, which answers in lines of `name=value`. */
function ask(node: LabNode, device: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(node.namespace.path(`/run/wireguard/${device}.sock`), () =>
      socket.write("get=1\n\n"),
    );
    socket.setEncoding("utf8");
    socket.on("error", reject);
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (text.endsWith("\n\n")) socket.end();
    });
    socket.on("close", () => resolve(text));
  });
}

function handshakeIn(text: string, publicKey: string): number | undefined {
  const hex = Buffer.from(publicKey, "base64").toString("hex");
  const section = text.split("public_key=").find((part) => part.startsWith(hex));
  const [, seconds = 0, nanoseconds = 0] =
    /^last_handshake_time_sec=(\d+)\nlast_handshake_time_nsec=(\d+)/m.exec(section ?? "") ?? [];
  return Number(seconds) > 0 ? Number(seconds) * 1000 + Number(nanoseconds) / 1e6 : undefined;
}
