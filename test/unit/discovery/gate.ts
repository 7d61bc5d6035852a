import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** The way to a server on loopback, which can be shut: connections end, and new ones are refused. */
export class Gate {
  readonly #sockets = new Set<Socket>();
  readonly #server;
  #isShut = false;
  #accepted = 0;

  private constructor(target: number) {
    this.#server = createServer((inside) => {
      if (this.#isShut) {
        inside.destroy();
        return;
      }
      this.#accepted++;
      const outside = connect(target, "127.0.0.1");
      for (const [from, to] of [
        [inside, outside],
        [outside, inside],
      ] as const) {
        this.#sockets.add(from);
        from.on("error", () => to.destroy());
        from.on("close", () => {
          this.#sockets.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
    });
  }

  static async open(target: number): Promise<Gate> {
    const gate = new Gate(target);
    gate.#server.listen(0, "127.0.0.1");
    await once(gate.#server, "listening");
    onTestFinished(() => {
      gate.shut();
      gate.#server.close();
    });
    return gate;
  }

  /** Address and port. */
  get server(): string {
    return `127.0.0.1:${this.port}`;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How many connections led through it until now. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Whether any connection leads through it now. */
  get isInUse(): boolean {
    return this.#sockets.size > 0;
  }

  shut(): void {
    this.#isShut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  reopen(): void {
    this.#isShut = false;
  }
}
