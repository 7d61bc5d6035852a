import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import { status } from "@grpc/grpc-js";
import type { Address } from "../../net/index.ts";
import { chunksOf, type Message, statusText } from "../frame.ts";
import { CallFailure } from "./call-failure.ts";
import { MessageReader } from "./message-reader.ts";
import { MessageStream } from "./message-stream.ts";
import type { Outlet } from "./outlet.ts";

export interface CallLimits {
  /** The largest request in bytes. A valid one has at most 5 KB; slightly larger ones still get a proper answer. */
  readonly requestBytes: number;
  /** The time within which a request has to arrive. */
  readonly requestMs: number;
  /** The time within which a client has to read some of what it is sent. */
  readonly stallMs: number;
}

/** The sender of a call. */
export interface Caller {
  /** The `address:port` of the connection. */
  readonly peer: string;
  /** The address of the client, which differs from that of the connection behind a trusted proxy. */
  readonly address: Address | undefined;
  /** The holder to whose share the call counts. */
  readonly holder: string;
}

/** The time that the end of a request may take after its answer. */
const halfOpenMs = 50;
const contentType = "application/grpc+proto";

/** Refuses a request without reading it. This is as cheap as possible, since there may be thousands. */
export function refuse(stream: ServerHttp2Stream, code: status, details: string): void {
  if (stream.destroyed || stream.closed) return;
  const answer = { "grpc-status": code, "grpc-message": statusText(details) };
  stream.respond({ ":status": 200, "content-type": contentType, ...answer }, { endStream: true });
  stream.close(constants.NGHTTP2_NO_ERROR);
}
const decompress = { gzip: promisify(gunzip), deflate: promisify(inflate) } as const;

/** One request over HTTP/2 and its answers, in the framing of gRPC. */
export class Call {
  readonly headers: IncomingHttpHeaders;
  readonly caller: Caller;
  readonly #stream: ServerHttp2Stream;
  readonly #limits: CallLimits;
  readonly #outlet: Outlet;
  /** Called once, when nothing more can be sent. */
  readonly #closers = new Set<() => void>();
  #isClosed = false;
  #trailers: Record<string, string | number> = { "grpc-status": status.OK };
  #hasEnded = false;
  readonly #mentions: Record<string, string> = {};

  constructor(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    caller: Caller,
    limits: CallLimits,
    outlet: Outlet,
  ) {
    this.headers = headers;
    this.caller = caller;
    this.#stream = stream;
    this.#limits = limits;
    this.#outlet = outlet;
    stream.on("close", () => this.#close());
    stream.on("wantTrailers", () => {
      stream.sendTrailers(this.#trailers);
      this.#ended();
    });
  }

  get isOpen(): boolean {
    const { destroyed, closed } = this.#stream;
    return !this.#hasEnded && !destroyed && !closed && !this.#isClosed;
  }

  /** Calls the listener once, when nothing more can be sent. */
  onClose(listener: () => void): void {
    if (this.#isClosed) listener();
    else this.#closers.add(listener);
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const closers = [...this.#closers];
    this.#closers.clear();
    for (const listener of closers) listener();
  }

  /** Reads the one message of a request. Throws `CallFailure` if it does not arrive in time or the client is gone. */
  async request(): Promise<Buffer> {
    const { isCompressed, bytes } = await this.#message();
    if (!isCompressed) return bytes;
    const encoding = this.headers["grpc-encoding"];
    if (encoding !== "gzip" && encoding !== "deflate")
      throw new CallFailure(status.UNIMPLEMENTED, "this compression is not known");
    try {
      return await decompress[encoding](bytes, { maxOutputLength: this.#limits.requestBytes });
    } catch {
      throw new CallFailure(status.RESOURCE_EXHAUSTED, "the compressed message is damaged or too large");
    }
  }

  #message(): Promise<{ readonly isCompressed: boolean; readonly bytes: Buffer }> {
    return new Promise((resolve, reject) => {
      const reader = new MessageReader(this.#limits.requestBytes);
      let isOver = false;
      const over = (): void => {
        isOver = true;
        clearTimeout(late);
      };
      const fail = (code: status, details: string): void => {
        over();
        reject(new CallFailure(code, details));
      };
      const late = setTimeout(
        () => fail(status.DEADLINE_EXCEEDED, "the request took too long"),
        this.#limits.requestMs,
      );
      this.onClose(() => fail(status.CANCELLED, "the client is gone"));
      this.#stream.on("end", () => isOver || fail(status.INVALID_ARGUMENT, "there is no message"));
      this.#stream.on("data", (chunk: Buffer) => {
        if (isOver) return this.cut(); // a request is one message, so a client that sends more is cut
        const outcome = reader.add(chunk);
        if (outcome instanceof CallFailure) fail(outcome.code, outcome.message);
        else if (outcome) resolve(outcome);
        if (outcome) over();
      });
    });
  }

  /** Adds a header to the answer, for clients that know it. */
  mention(name: string, value: string): void {
    this.#mentions[name] = value;
  }

  /**
   * Hands on the messages of a stream as they arrive. `take` gives the milliseconds for which nothing more is read, so
   * that a client that sends too much has to wait; an error that it throws ends the call. `onEnd` is called when the
   * client has sent its last message.
   */
  follow(mostBytes: number, take: (message: Buffer) => number, onEnd: () => void): void {
    const messages = new MessageStream(mostBytes);
    this.#stream.on("end", onEnd);
    this.#stream.on("data", (chunk: Buffer) => {
      if (!this.isOpen) return;
      try {
        let waitMs = 0;
        for (const message of messages.add(chunk)) waitMs = Math.max(waitMs, take(message));
        if (waitMs >= 1) this.#rest(waitMs);
      } catch (error) {
        if (error instanceof CallFailure) this.end(error.code, error.message);
        else this.end(status.INTERNAL, "the service cannot do this now: try again");
      }
    });
  }

  #rest(forMs: number): void {
    this.#stream.pause();
    const over = setTimeout(() => this.#stream.resume(), forMs);
    this.onClose(() => clearTimeout(over));
  }

  /** Resolves when the client has read the whole message. Throws `CallFailure` if it did not. */
  async send(message: Message): Promise<void> {
    this.#respond();
    await this.#outlet.send(this, chunksOf(message, this.#outlet.chunkBytes), (chunk) => this.#write(chunk));
  }

  #respond(): void {
    if (this.#stream.headersSent || !this.isOpen) return;
    const headers = {
      ":status": 200,
      "content-type": contentType,
      "grpc-accept-encoding": "identity,deflate,gzip",
      ...this.#mentions,
    };
    this.#stream.respond(headers, { waitForTrailers: true });
  }

  #write(chunk: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.isOpen) return reject(new CallFailure(status.CANCELLED, "the client is gone"));
      const ended = (error?: Error | null): void => {
        clearTimeout(stalled);
        this.#closers.delete(onClose);
        if (error) reject(error);
        else resolve();
      };
      const onClose = (): void => ended(new CallFailure(status.CANCELLED, "the client is gone"));
      const stalled = setTimeout(() => {
        this.cut();
        ended(new CallFailure(status.ABORTED, "the client does not read"));
      }, this.#limits.stallMs);
      this.#closers.add(onClose);
      this.#stream.write(chunk, ended);
    });
  }

  /**
   * Ends the call with a status after the client has read what was sent before. A client that does not read in time is
   * cut.
   */
  end(code: status, details = ""): void {
    if (!this.isOpen) return;
    this.#hasEnded = true;
    this.#trailers = { "grpc-status": code, ...(details !== "" && { "grpc-message": statusText(details) }) };
    if (this.#stream.headersSent) this.#stream.end();
    else {
      const head = { ":status": 200, "content-type": contentType };
      this.#stream.respond({ ...head, ...this.#trailers }, { endStream: true });
      this.#ended();
    }
    const linger = setTimeout(() => this.cut(), this.#limits.stallMs);
    this.onClose(() => clearTimeout(linger));
    this.#stream.resume();
  }

  /** Handles a complete answer. A request that its client never ends is dropped. */
  #ended(): void {
    const reset = setTimeout(() => this.#stream.close(constants.NGHTTP2_NO_ERROR), halfOpenMs);
    this.onClose(() => clearTimeout(reset));
  }

  /** Ends the call at once and discards what is under way. */
  cut(): void {
    this.#hasEnded = true;
    if (this.#stream.destroyed) return;
    this.#stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    this.#stream.destroy();
  }
}
