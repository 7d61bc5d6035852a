import { Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import { AffiliateUpdateRequest, ClusterService, WatchRequest } from "../../src/discovery/wire/index.ts";
import { idsIn } from "./ids-in.ts";

const identity = (bytes: Buffer): Buffer => bytes;

/**
 * The mark before the time in an affiliate's data. The service puts the data at the end of a message, where the mark is
 * found without decoding.
 */
const mark = Buffer.from("bench-time");
/** The size of the sealed record of a node with a handful of addresses and networks. */
const dataBytes = 400;

/** Many watchers that do not decode what they receive, since the service is what is measured. */
export class Crowd {
  readonly #port: number;
  readonly #streamsPerConnection: number;
  readonly #clients: (Client | undefined)[] = [];
  readonly #onDelivery: (latencyMs: number) => void;
  readonly #known: Set<string>[] = [];
  #messages = 0;
  #cutOff = 0;
  #ready = 0;
  #failure: Error | undefined;
  #isClosed = false;

  constructor(port: number, streamsPerConnection: number, onDelivery: (latencyMs: number) => void) {
    this.#port = port;
    this.#streamsPerConnection = streamsPerConnection;
    this.#onDelivery = onDelivery;
  }

  /**
   * The number of watchers that have their snapshot. Throws when one was lost, because the others would then prove
   * nothing.
   */
  get ready(): number {
    if (this.#failure) throw this.#failure;
    return this.#ready;
  }

  watch(clusterId: string, index: number): void {
    let hasSnapshot = false;
    this.#open(clusterId, index, (message) => {
      if (hasSnapshot) this.#delivered(message);
      else this.#ready++;
      hasSnapshot = true;
    });
  }

  #open(
    clusterId: string,
    index: number,
    onMessage: (message: Buffer) => void,
    isExpected: (error: ServiceError) => boolean = () => false,
  ): void {
    const client = this.#clientFor(index);
    const request = Buffer.from(WatchRequest.encode({ clusterId }).finish());
    const stream = client.makeServerStreamRequest(ClusterService.watch.path, identity, identity, request);
    stream.on("data", onMessage);
    stream.on("error", (error: ServiceError) => {
      if (!this.#isClosed && !isExpected(error)) this.#failure ??= error;
    });
  }

  /** Lets a node say its affiliate and watch at the same time, as a node does whose service came back. */
  join(clusterId: string, index: number): void {
    this.update(clusterId, `node-${index}`, index).catch(
      (error: unknown) => (this.#failure ??= error as Error),
    );
    const known = new Set<string>();
    this.#known.push(known);
    const watchAgain = (): void => {
      this.#watchUntilCut(clusterId, index, known, watchAgain);
    };
    watchAgain();
  }

  /** A node that was cut off watches again, as every node does. */
  #watchUntilCut(clusterId: string, index: number, known: Set<string>, again: () => void): void {
    const onMessage = (message: Buffer): void => {
      this.#messages++;
      for (const id of idsIn(message)) known.add(id);
    };
    this.#open(clusterId, index, onMessage, (error) => {
      if (error.code !== status.ABORTED && error.code !== status.RESOURCE_EXHAUSTED) return false;
      this.#cutOff++;
      setTimeout(again, 250);
      return true;
    });
  }

  /** The number of joined nodes that know so many affiliates. */
  knowing(affiliates: number): number {
    if (this.#failure) throw this.#failure;
    return this.#known.filter(({ size }) => size >= affiliates).length;
  }

  /** The number of messages that the joined nodes got. */
  get messages(): number {
    return this.#messages;
  }

  /** The number of times that a joined node was cut off and watched again. */
  get cutOff(): number {
    return this.#cutOff;
  }

  /** Lets an affiliate of the cluster announce something new. */
  update(clusterId: string, affiliateId = "node", index = -1): Promise<void> {
    const data = Buffer.concat([mark, Buffer.alloc(dataBytes - mark.length)]);
    data.writeBigUInt64LE(process.hrtime.bigint(), mark.length);
    const message = { clusterId, affiliateId, affiliateData: data, affiliateEndpoints: [] };
    const request = AffiliateUpdateRequest.encode({ ...message, ttl: { seconds: 600n, nanos: 0 } }).finish();
    return new Promise((resolve, reject) => {
      this.#clientFor(index).makeUnaryRequest(
        ClusterService.affiliateUpdate.path,
        identity,
        identity,
        Buffer.from(request),
        (error) => (error ? reject(error) : resolve()),
      );
    });
  }

  close(): void {
    this.#isClosed = true;
    for (const client of this.#clients) client?.close();
  }

  #delivered(message: Buffer): void {
    const at = message.indexOf(mark) + mark.length;
    this.#onDelivery(Number(process.hrtime.bigint() - message.readBigUInt64LE(at)) / 1e6);
  }

  /** The connection of a watcher; the first connection is for updates. */
  #clientFor(index: number): Client {
    const at = Math.floor(index / this.#streamsPerConnection) + 1;
    const known = this.#clients[at];
    if (known) return known;
    const client = new Client(`127.0.0.1:${this.#port}`, credentials.createInsecure(), {
      "grpc.use_local_subchannel_pool": 1,
    });
    this.#clients[at] = client;
    return client;
  }
}
