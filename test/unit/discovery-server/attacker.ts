import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { Attacker as Client } from "../../../lab/discovery-attacker.ts";

export { framed, largeUpdate, ofCluster, paths } from "../../../lab/discovery-attacker.ts";

export type Attacker = Client;

/** Attackers that end with the test that sent them. */
export const Attacker = {
  connect: async (...where: Parameters<typeof Client.connect>): Promise<Client> => {
    const attacker = await Client.connect(...where);
    onTestFinished(() => attacker.session.destroy());
    return attacker;
  },
};

/** A way to the service by which clients seem to come from this address. */
export async function from(address: string, port: number): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((inside) => {
    const outside = connect({ port, host: "127.0.0.1", localAddress: address });
    for (const [one, other] of [
      [inside, outside],
      [outside, inside],
    ] as const) {
      sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
      one.pipe(other);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}
