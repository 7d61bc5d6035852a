import { type ClientDuplexStream, Metadata, status } from "@grpc/grpc-js";
import type { Logger } from "pino";
import {
  bufferOf,
  type Carriage,
  carriageLimits,
  type Line,
  Outbox,
  type Packet,
} from "../../stream/index.ts";
import { reconnectDelayMs } from "../backoff.ts";
import { type CarryRequest, type CarryResponse, type ClusterClient } from "../wire/index.ts";
import { boundedCarry } from "./bounded-client.ts";
import { codeOf } from "./service-error.ts";
import { pause } from "./wake.ts";

interface CarryOptions {
  readonly client: ClusterClient;
  readonly clusterId: string;
  readonly nodeId: string;
  readonly room: Buffer;
  /** The name of the service, for people. */
  readonly service: string;
  readonly carriage: Carriage;
  /** Resolves when the service has this node's own affiliate: it carries nothing of others. */
  readonly announced: Promise<void>;
  readonly log: Logger;
}

/** A stream that lasted so long was a good one: after its end another one is opened at once. */
const goodMs = 60_000;

/**
 * Keeps a stream of packets open beside the session. A service that carries none says so, and is not asked again in this
 * session. No failure ends the session. Ends only by throwing, when it is aborted.
 */
export async function carryPackets(options: CarryOptions, signal: AbortSignal): Promise<never> {
  await Promise.race([options.announced, aborted(signal)]);
  for (let failures = 0; ; failures++) {
    signal.throwIfAborted();
    const since = performance.now();
    const error = await stream(options, signal);
    if (codeOf(error) === status.UNIMPLEMENTED) {
      options.log.debug("the discovery service carries no packets");
      await aborted(signal);
    }
    options.log.debug({ reason: String(error) }, "the stream of packets ended");
    if (performance.now() - since > goodMs) failures = 0;
    await pause(reconnectDelayMs(failures + 1, Math.random()), signal);
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });

/** Runs one stream; gives the error that ended it. */
function stream(options: CarryOptions, signal: AbortSignal): Promise<unknown> {
  const { client, clusterId, nodeId, room, carriage } = options;
  const { path, requestSerialize, responseDeserialize } = boundedCarry;
  return new Promise((resolve) => {
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, new Metadata());
    const line = new StreamLine(options.service, call);
    let isOpen = false;
    const cancel = (): void => call.cancel();
    const end = (error: unknown): void => {
      signal.removeEventListener("abort", cancel);
      carriage.closed(line);
      line.close();
      call.cancel();
      resolve(error);
    };
    call.on("data", ({ packets }: CarryResponse) => {
      if (!isOpen) {
        isOpen = true;
        options.log.debug("the discovery service carries packets");
        carriage.opened(line);
      }
      for (const packet of packets) carriage.received(packet, line);
    });
    call.on("error", end);
    call.on("end", () => end(new Error("the service ended it")));
    signal.addEventListener("abort", cancel);
    call.write({ opening: { clusterId, affiliateId: nodeId, room }, packets: [] });
    if (signal.aborted) cancel();
  });
}

/**
 * A stream as a line. One message is under way, and the newest packets wait. A message is made when all packets that
 * were waiting at the sockets have been read: many small messages cost far more than a few with many packets.
 */
class StreamLine implements Line {
  readonly service: string;
  readonly #call: ClientDuplexStream<CarryRequest, CarryResponse>;
  readonly #outbox = new Outbox();
  /** Whether a message is under way, or about to be made. */
  #isWriting = false;
  #isClosed = false;

  constructor(service: string, call: ClientDuplexStream<CarryRequest, CarryResponse>) {
    this.service = service;
    this.#call = call;
  }

  send(packet: Packet): void {
    if (this.#isClosed || packet.data.length > carriageLimits.mostPacketBytes) return;
    this.#outbox.push(packet);
    if (this.#isWriting) return;
    this.#isWriting = true;
    setImmediate(() => this.#writeNext());
  }

  close(): void {
    this.#isClosed = true;
    this.#outbox.clear();
  }

  #writeNext(): void {
    const packets = this.#outbox.next();
    this.#isWriting = packets.length > 0 && !this.#isClosed;
    if (!this.#isWriting) return;
    const request = { packets: packets.map(({ peer, data }) => ({ peer, data: bufferOf(data) })) };
    this.#call.write(request, () => this.#writeNext());
  }
}
