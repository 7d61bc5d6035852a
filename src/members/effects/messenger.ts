import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import type { Secret } from "../../base/index.ts";
import { errorText } from "../../base/index.ts";
import { noticePort } from "../../config/index.ts";
import { type Address, parseAddress } from "../../net/index.ts";
import { counted, noChecks } from "../hearing.ts";
import {
  type Datagram,
  datagramText,
  isProven,
  type Notice,
  proofOf,
  readDatagram,
  receiptOf,
} from "../notice.ts";

/**
 * The time in milliseconds after which a lost packet is sent again. A member that is connected answers within a round
 * trip.
 */
const againMs = 200;
const attempts = 5;

/** The datagrams that ask a member whether it is there, and the bytes of each: more than what nobody answers. */
const prompts = { count: 3, bytes: 256 };

export interface Recipient {
  /** The KubeSpan address of the recipient. */
  readonly address: Address;
  readonly publicKey: string;
}

interface MessengerOptions {
  /** The KubeSpan address of this node. */
  readonly address: Address;
  readonly keys: { readonly privateKey: Secret; readonly publicKey: string };
  /** Finds the member that has this KubeSpan address. */
  readonly senderAt: (address: Address) => Recipient | undefined;
  /** Called for a notice whose sender is proved. Tells whether the sender gets a receipt. */
  readonly onNotice: (notice: Notice, sender: Recipient) => boolean;
  readonly log: Logger;
}

/**
 * Sends notices through the tunnels and receives them. A packet that came through the tunnel of a member proves little,
 * as any local user there could have sent it. Its sender is proved by a code that is made with the WireGuard keys of
 * both nodes.
 */
export class Messenger {
  readonly #options: MessengerOptions;
  #socket: Socket | undefined;
  /** The receipts, in base64, that are awaited. */
  readonly #awaited = new Map<string, () => void>();
  /** Takes what is neither a notice nor a receipt. */
  #takeOther: (bytes: Uint8Array, from: Address) => void = () => undefined;
  #checks = noChecks;

  constructor(options: MessengerOptions) {
    this.#options = options;
  }

  /**
   * Listens, unless the socket is open already, at the KubeSpan address alone, so that nothing outside the mesh reaches it.
   * This fails while the link has no address yet, and is tried again.
   */
  async open(): Promise<void> {
    if (this.#socket) return;
    const socket = createSocket({ type: "udp6", ipv6Only: true });
    const { address, log } = this.#options;
    const failed = await new Promise<Error | undefined>((resolve) => {
      socket.once("error", resolve);
      socket.bind({ port: noticePort, address, exclusive: true }, () => resolve(undefined));
    });
    if (failed) {
      socket.close();
      log.debug(`farewells cannot be heard yet: ${failed.message}`);
      return;
    }
    socket.removeAllListeners("error");
    socket.on("error", (error) => {
      log.warn(`farewells are not heard any more: ${error.message}`);
      this.close();
    });
    socket.on("message", (bytes, from) => this.#take(bytes, from));
    socket.unref();
    this.#socket = socket;
  }

  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }

  /**
   * Has other datagrams taken, which come from the messenger of a node of the mesh; who that is has to be checked, and how
   * much work they may make.
   */
  heedOthers(take: (bytes: Uint8Array, from: Address) => void): void {
    this.#takeOther = take;
  }

  /** Sends a datagram to the messenger of a member. Nothing tells whether it arrives. */
  post(bytes: Uint8Array, to: Address): void {
    this.#sendBytes(bytes, to, noticePort);
  }

  /**
   * Sends the notice to each recipient until the recipient confirms it or the attempts are used up. Gives the public
   * keys of the recipients that confirmed it.
   */
  async tell(recipients: readonly Recipient[], notice: Notice): Promise<ReadonlySet<string>> {
    await this.open();
    if (!this.#socket) return new Set();
    const results = await Promise.all(
      recipients.map(async (recipient) =>
        (await this.#tellOne(recipient, notice)) ? recipient.publicKey : undefined,
      ),
    );
    return new Set(results.filter((key) => key !== undefined));
  }

  /**
   * Sends something without a meaning to each recipient. Its WireGuard answers by itself within 10 s, so that a tunnel on
   * which nothing is sent shows whether the member is there as soon as one with traffic.
   */
  async prompt(recipients: readonly Recipient[]): Promise<void> {
    if (recipients.length > 0) await this.open();
    for (let sent = 0; sent < prompts.count && recipients.length > 0; sent++) {
      for (const { address } of recipients) this.post(Buffer.alloc(prompts.bytes), address);
      await delay(againMs);
    }
  }

  async #tellOne({ address, publicKey }: Recipient, notice: Notice): Promise<boolean> {
    const sides = { ...this.#options.keys, peer: publicKey };
    const proof = proofOf(notice, sides, "own");
    const receipt = proof && receiptOf(proof, sides, "peer");
    if (!receipt) return false;
    const name = Buffer.from(receipt).toString("base64");
    const heard = new AbortController();
    this.#awaited.set(name, () => heard.abort());
    try {
      for (let attempt = 0; attempt < attempts && !heard.signal.aborted; attempt++) {
        this.#send({ kind: "notice", notice, proof }, address, noticePort);
        await delay(againMs, undefined, { signal: heard.signal }).catch(() => undefined); // a receipt ends the wait
      }
      return heard.signal.aborted;
    } finally {
      this.#awaited.delete(name);
    }
  }

  #send(datagram: Datagram, address: string, port: number): void {
    this.#sendBytes(Buffer.from(datagramText(datagram)), address, port);
  }

  #sendBytes(bytes: Uint8Array, address: string, port: number): void {
    this.#socket?.send(bytes, port, address, (error) => {
      if (error) this.#options.log.debug(`not sent to ${address}: ${errorText(error)}`);
    });
  }

  #take(bytes: Uint8Array, from: RemoteInfo): void {
    const datagram = readDatagram(bytes);
    if (!datagram) return this.#other(bytes, from);
    if (datagram.kind === "receipt") {
      this.#awaited.get(Buffer.from(datagram.proof).toString("base64"))?.();
      return;
    }
    const address = parseAddress(from.address);
    const sender = address && this.#options.senderAt(address);
    if (!sender || !this.#mayCheck(sender)) return;
    const { notice, proof } = datagram;
    const sides = { ...this.#options.keys, peer: sender.publicKey };
    if (!isProven(notice, sides, proof)) {
      this.#options.log.warn(
        `somebody at ${sender.address} sent a ${notice.kind} that is not proved: not obeyed`,
      );
      return;
    }
    const receipt = this.#options.onNotice(notice, sender) ? receiptOf(proof, sides, "own") : undefined;
    if (receipt) this.#send({ kind: "receipt", proof: receipt }, from.address, from.port);
  }

  #other(bytes: Uint8Array, { address, port }: RemoteInfo): void {
    const from = parseAddress(address);
    if (from !== undefined && port === noticePort) this.#takeOther(bytes, from);
  }

  #mayCheck({ publicKey }: Recipient): boolean {
    const checks = counted(this.#checks, publicKey, Math.floor(performance.now() / 1000));
    if (checks) this.#checks = checks;
    return checks !== undefined;
  }
}
