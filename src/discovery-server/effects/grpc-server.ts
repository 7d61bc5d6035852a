import { once } from "node:events";
import {
  createServer as createPlainServer,
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Stream,
  type ServerOptions,
} from "node:http2";
import { type AddressInfo, createServer } from "node:net";
import { status } from "@grpc/grpc-js";
import { cannotListen } from "../../base/index.ts";
import { hostPortText } from "../../net/index.ts";
import { Call, type Caller, type CallLimits, refuse } from "./call.ts";
import { CallFailure } from "./call-failure.ts";
import type { Calls } from "./calls.ts";
import type { TlsSource } from "./certificates.ts";
import { type Connections, peerOf } from "./connections.ts";
import type { Outlet } from "./outlet.ts";

/** Answers one call and ends it. An error that it throws ends the call, too. */
export type Handler = (call: Call, request: Buffer) => Promise<void>;

/** Serves a call of which the messages go on. `arrived` is to be called when the first one is there. */
export type StreamHandler = (call: Call, arrived: () => void) => void;

export interface GrpcServerOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** The source of certificates; `undefined` serves plaintext. */
  readonly tls: TlsSource | undefined;
  /** The handlers by path. */
  readonly handlers: ReadonlyMap<string, Handler>;
  readonly streamHandlers: ReadonlyMap<string, StreamHandler>;
  readonly callerOf: (peer: string, headers: IncomingHttpHeaders) => Caller;
  readonly connections: Connections;
  readonly calls: Calls;
  readonly outlet: Outlet;
  readonly limits: CallLimits;
}

export interface GrpcServer {
  readonly port: number;
  /** Closes the server after open requests had `graceMs` to end. */
  close(graceMs: number): Promise<void>;
}

const handshakeTimeoutMs = 10_000;

const serverOptions: ServerOptions = {
  // The unit is MiB. What waits to be sent is counted elsewhere, by address.
  maxSessionMemory: 1024,
  maxHeaderListPairs: 64,
  settings: { maxConcurrentStreams: 64, maxHeaderListSize: 16 * 1024 },
};

/**
 * A gRPC server over Node's own HTTP/2, so that every connection, stream and byte under way can be counted and ended;
 * the library that clients use allows neither in a server (ADR 0017). Throws `KubespanError("conflict")` when the
 * address cannot be had.
 */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { listen, connections, tls } = options;
  const http2 = tls ? secureServer(tls) : createPlainServer(serverOptions);
  http2.on("session", (session) => connections.watch(session));
  http2.on("stream", (stream, headers) => {
    stream.on("error", () => undefined); // only the end of a stream matters, and "close" reports it
    // Node throws when a stream is gone. No one is left to be told of that.
    serve(options, stream, headers).catch(() => stream.destroy());
  });
  // A client that breaks the protocol is cut by the handler of its session.
  http2.on("sessionError", () => undefined);
  const front = createServer({ noDelay: true, keepAlive: true }, (socket) => {
    if (connections.admit(socket)) http2.emit("connection", socket);
  });
  front.listen(listen.port, listen.host);
  try {
    await once(front, "listening");
  } catch (error) {
    throw cannotListen(hostPortText(listen), error instanceof Error ? error : new Error(String(error)));
  }
  front.on("error", () => undefined); // one error is a connection that was gone before it was accepted
  return {
    port: (front.address() as AddressInfo).port,
    close: async (graceMs) => {
      const closed = once(front, "close");
      front.close();
      await connections.closeAll(graceMs);
      await closed;
    },
  };
}

function secureServer(tls: TlsSource): Http2SecureServer {
  const options: SecureServerOptions = {
    ...serverOptions,
    ...tls.options(),
    requestCert: tls.asksClients,
    rejectUnauthorized: tls.asksClients,
    handshakeTimeout: handshakeTimeoutMs,
  };
  const server = createSecureServer(options);
  server.on("secureConnection", (socket) => socket.on("error", () => socket.destroy()));
  tls.onChange(() => server.setSecureContext(tls.options()));
  return server;
}

async function serve(
  options: GrpcServerOptions,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): Promise<void> {
  const { session } = stream;
  if (!session || session.destroyed) return void stream.destroy();
  const peer = peerOf(session.socket);
  if (!options.connections.has(peer)) return; // the stream ends with its connection
  const caller = options.callerOf(peer, headers);
  const path = headers[":path"] ?? "";
  const handler = options.handlers.get(path);
  const streamHandler = options.streamHandlers.get(path);
  if (!options.calls.isInTime(caller))
    return refuse(stream, status.RESOURCE_EXHAUSTED, "too many requests from this address");
  if (headers[":method"] !== "POST" || !headers["content-type"]?.startsWith("application/grpc"))
    return refuse(stream, status.UNIMPLEMENTED, "this is a gRPC service");
  if (!handler && !streamHandler) return refuse(stream, status.UNIMPLEMENTED, "there is no such method");
  const call = new Call(stream, headers, caller, options.limits, options.outlet);
  if (!options.calls.admit(call)) {
    refuse(stream, status.RESOURCE_EXHAUSTED, "too many requests of this address are under way");
    return;
  }
  if (streamHandler) return streamHandler(call, () => options.calls.arrived(call));
  try {
    const request = await call.request();
    options.calls.arrived(call);
    await handler?.(call, request);
  } catch (error) {
    if (error instanceof CallFailure) call.end(error.code, error.message);
    else call.end(status.INTERNAL, "the service cannot do this now: try again");
  }
}
