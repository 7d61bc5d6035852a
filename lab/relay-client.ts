import type { ClientHttp2Stream } from "node:http2";
import { CarryRequest, CarryResponse, RelayService } from "../src/discovery/wire/index.ts";
import { type Attacker, framed } from "./discovery-attacker.ts";

/** A stream of packets by hand, which keeps to no rule that the test does not want it to keep. */
export class RelayClient {
  readonly stream: ClientHttp2Stream;
  /** The packets that came, with their senders. */
  readonly received: { readonly peer: string; readonly data: Buffer }[] = [];
  /** The number of packets in each message that came. */
  readonly messages: number[] = [];
  /** Whether the service has said that the stream is open. */
  isOpen = false;
  /** The status with which the service ended it. */
  status: number | undefined;
  #bytes = Buffer.alloc(0);

  constructor(connection: Attacker) {
    const stream = connection.open(RelayService.carry.path);
    if (!stream) throw new Error("the connection is cut");
    this.stream = stream;
    stream.on("data", (chunk: Buffer) => this.#receive(chunk));
    for (const event of ["response", "trailers"] as const)
      stream.on(event, (headers: Record<string, unknown>) => {
        const status = headers["grpc-status"];
        if (status !== undefined) this.status = Number(status);
      });
  }

  get isEnded(): boolean {
    return this.status !== undefined || this.stream.closed;
  }

  open(clusterId: string, affiliateId: string, room: Buffer = Buffer.alloc(32, clusterId)): this {
    return this.write({ opening: { clusterId, affiliateId, room }, packets: [] });
  }

  send(peer: string, ...packets: readonly Buffer[]): this {
    return this.write({ packets: packets.map((data) => ({ peer, data })) });
  }

  write(request: Parameters<typeof CarryRequest.encode>[0]): this {
    return this.writeBytes(framed(CarryRequest.encode(request).finish()));
  }

  writeBytes(bytes: Buffer): this {
    if (!this.stream.destroyed) this.stream.write(bytes);
    return this;
  }

  #receive(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    while (this.#bytes.length >= 5) {
      const end = 5 + this.#bytes.readUInt32BE(1);
      if (this.#bytes.length < end) return;
      this.isOpen = true;
      const { packets } = CarryResponse.decode(this.#bytes.subarray(5, end));
      this.received.push(...packets);
      this.messages.push(packets.length);
      this.#bytes = this.#bytes.subarray(end);
    }
  }
}
