import { createSocket } from "node:dgram";
import { connect, type Socket } from "node:net";

/** A place that takes lines of the log over the network. */
export interface LogDestination {
  readonly protocol: "tcp" | "udp";
  readonly host: string;
  readonly port: number;
}

/** The most bytes that wait while nobody takes them. Of more than that the newest lines are lost, and counted. */
const mostWaiting = 1024 * 1024;
/** The milliseconds for which a line that was sent over TCP is kept: nobody says whether it arrived before the connection broke. */
const keptMs = 10_000;
const connectMs = 10_000;
const againMs = { first: 500, most: 15_000 } as const;
/** The largest datagram; a longer line is cut. */
const largestDatagram = 8 * 1024;

interface Kept {
  readonly at: number;
  readonly line: string;
}

/**
 * Sends lines of the log to a destination, and never waits for it. While a TCP connection is away lines wait, and those sent
 * shortly before it broke are sent again: after an outage a line may come twice, and none is missing unless more came than
 * may wait. Of datagrams nobody knows whether they arrive.
 */
export class LogSink {
  readonly #destination: LogDestination;
  readonly #onGap: (lines: number) => void;
  #waiting: string[] = [];
  #bytes = 0;
  #lost = 0;
  #sent: Kept[] = [];
  #socket: Socket | undefined;
  #isConnected = false;
  #pauseMs: number = againMs.first;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  readonly #datagrams: ReturnType<typeof createSocket> | undefined;

  /** `onGap` is called when lines were lost and the destination is back. */
  constructor(destination: LogDestination, onGap: (lines: number) => void) {
    this.#destination = destination;
    this.#onGap = onGap;
    if (destination.protocol === "udp") this.#datagrams = udpSocket(destination.host);
    else this.#connect();
  }

  /** Sends a line, or keeps it until it can be sent. */
  write(line: string): void {
    if (this.#isClosed) return;
    if (this.#datagrams) {
      const { host, port } = this.#destination;
      this.#datagrams.send(Buffer.from(line).subarray(0, largestDatagram), port, host, () => undefined);
    } else if (this.#isConnected && this.#waiting.length === 0 && !this.#socket?.writableNeedDrain)
      this.#send(line);
    else this.#wait(line);
  }

  /** Gives what waits a last chance, and ends the connection. */
  async close(ms: number): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#datagrams?.close();
    const socket = this.#socket;
    if (!socket) return;
    const closed = new Promise((resolve) => socket.once("close", resolve));
    const timer = setTimeout(() => socket.destroy(), ms);
    if (this.#isConnected) socket.end();
    else socket.destroy();
    await closed;
    clearTimeout(timer);
  }

  #wait(line: string): void {
    if (this.#bytes + line.length > mostWaiting) {
      this.#lost++;
      return;
    }
    this.#waiting.push(line);
    this.#bytes += line.length;
  }

  #send(line: string): void {
    const now = performance.now();
    this.#sent.push({ at: now, line });
    if ((this.#sent[0]?.at ?? now) < now - 2 * keptMs)
      this.#sent = this.#sent.filter(({ at }) => at >= now - keptMs);
    this.#socket?.write(line);
  }

  #connect(): void {
    const { host, port } = this.#destination;
    const socket = connect({ host, port, timeout: connectMs, keepAlive: true });
    this.#socket = socket;
    socket.unref();
    socket.on("connect", () => {
      socket.setTimeout(0);
      this.#isConnected = true;
      this.#pauseMs = againMs.first;
      this.#drain();
    });
    socket.on("data", () => undefined); // an end is noticed only where what comes is read
    socket.on("drain", () => this.#drain());
    socket.on("timeout", () => socket.destroy());
    socket.on("error", () => undefined); // the close comes after it
    socket.on("close", () => this.#away());
  }

  #away(): void {
    this.#isConnected = false;
    const since = performance.now() - keptMs;
    const again = this.#sent.filter(({ at }) => at >= since).map(({ line }) => line);
    this.#sent = [];
    this.#waiting = [...again, ...this.#waiting];
    this.#bytes = this.#waiting.reduce((sum, line) => sum + line.length, 0);
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => this.#connect(), this.#pauseMs).unref();
    this.#pauseMs = Math.min(2 * this.#pauseMs, againMs.most);
  }

  #drain(): void {
    let count = 0;
    while (count < this.#waiting.length && !this.#socket?.writableNeedDrain) {
      const line = this.#waiting[count++] ?? "";
      this.#bytes -= line.length;
      this.#send(line);
    }
    this.#waiting = this.#waiting.slice(count);
    if (this.#waiting.length > 0 || this.#lost === 0) return;
    const lines = this.#lost;
    this.#lost = 0;
    this.#onGap(lines);
  }
}

function udpSocket(host: string): ReturnType<typeof createSocket> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  socket.on("error", () => undefined); // a destination that refuses datagrams is no trouble of this node's
  return socket.unref();
}
