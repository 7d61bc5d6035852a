import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** An HTTP proxy on loopback, which leads every name to this machine, and may ask for a user and a password. */
export class ConnectProxy {
  /** What it was asked to connect to, in order. */
  readonly asked: string[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server;

  private constructor(userAndPassword?: string) {
    this.#server = createServer((_, response) => response.writeHead(405).end());
    this.#server.on("connect", ({ url = "", headers }, inside: Socket, head: Buffer) => {
      this.asked.push(url);
      const sent = headers["proxy-authorization"];
      const isKnown =
        userAndPassword === undefined || sent === `Basic ${Buffer.from(userAndPassword).toString("base64")}`;
      if (!isKnown) {
        inside.end("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
        return;
      }
      const outside = connect(Number(url.slice(url.lastIndexOf(":") + 1)), "127.0.0.1", () => {
        inside.write("HTTP/1.1 200 Connection established\r\n\r\n");
        outside.write(head);
        inside.pipe(outside);
        outside.pipe(inside);
      });
      this.#lead(inside, outside);
    });
  }

  static async open(userAndPassword?: string): Promise<ConnectProxy> {
    const proxy = new ConnectProxy(userAndPassword);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    onTestFinished(() => {
      for (const socket of proxy.#sockets) socket.destroy();
      proxy.#server.close();
    });
    return proxy;
  }

  /** Its URL, with this user and password. */
  url(userInfo = ""): string {
    return `http://${userInfo === "" ? "" : `${userInfo}@`}127.0.0.1:${this.port}`;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #lead(...ends: readonly [Socket, Socket]): void {
    for (const [from, to] of [ends, ends.toReversed() as [Socket, Socket]]) {
      this.#sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }
}
