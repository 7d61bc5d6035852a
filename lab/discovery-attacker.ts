import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { AffiliateUpdateRequest, ClusterService } from "../src/discovery/wire/index.ts";

/** This client of a discovery service does what no honest client would, from a given address of loopback. */

/** One message with these bytes, in the framing of gRPC. */
export function framed(bytes: Uint8Array, flag = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flag);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

export const paths = {
  hello: ClusterService.hello.path,
  list: ClusterService.list.path,
  watch: ClusterService.watch.path,
  update: ClusterService.affiliateUpdate.path,
};

/** A request with the cluster as its first field, which is all that every request but the update needs. */
export const ofCluster = (clusterId: string): Buffer =>
  framed(ClusterService.list.requestSerialize({ clusterId }));

/** An update of the largest allowed size. */
export const largeUpdate = (clusterId: string, affiliateId: string): Buffer =>
  framed(
    AffiliateUpdateRequest.encode({
      clusterId,
      affiliateId: affiliateId.padEnd(256, "x"),
      affiliateData: Buffer.alloc(2048, affiliateId),
      affiliateEndpoints: Array.from({ length: 64 }, (_, index) =>
        Buffer.alloc(32, `${index} ${affiliateId}`),
      ),
      ttl: { seconds: 1800n, nanos: 0 },
    }).finish(),
  );

export class Attacker {
  readonly session: ClientHttp2Session;
  readonly socket: Socket;

  /** Connects. With a window of 0, the service can send nothing. */
  static async connect(port: number, from: string, initialWindowSize = 65_535): Promise<Attacker> {
    const attacker = new Attacker(port, from, initialWindowSize);
    await once(attacker.session, "connect");
    return attacker;
  }

  private constructor(port: number, from: string, initialWindowSize: number) {
    this.socket = connect({ port, host: "127.0.0.1", localAddress: from });
    this.socket.on("error", () => undefined); // being cut is the purpose of these clients
    this.session = connectHttp2("http://127.0.0.1", {
      createConnection: () => this.socket,
      settings: { initialWindowSize, enablePush: false },
    });
    this.session.on("error", () => undefined);
  }

  get isCut(): boolean {
    return this.session.destroyed || this.session.closed;
  }

  /** Opens a stream. Without a message, the stream stays open and silent. */
  open(path: string, message?: Buffer): ClientHttp2Stream | undefined {
    if (this.isCut) return undefined;
    const headers = { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" };
    const stream = this.session.request(headers, { endStream: false });
    stream.on("error", () => undefined);
    if (message) stream.end(message);
    return stream;
  }

  /** The status of an answer after its end. Its bytes are counted and discarded. */
  ask(path: string, message: Buffer): Promise<{ readonly status: number; readonly bytes: number }> {
    return new Promise((resolve) => {
      const stream = this.open(path, message);
      if (!stream) return resolve({ status: -1, bytes: 0 });
      let [status, bytes] = [-1, 0];
      const take = (headers: Record<string, unknown>): void => {
        if (headers["grpc-status"] !== undefined) status = Number(headers["grpc-status"]);
      };
      stream.on("response", take).on("trailers", take);
      stream.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      stream.on("close", () => resolve({ status, bytes }));
    });
  }
}
