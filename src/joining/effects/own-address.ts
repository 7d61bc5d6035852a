import { createSocket } from "node:dgram";
import { networkInterfaces } from "node:os";
import { KubespanError } from "../../base/index.ts";
import { type Address, isKubespanULA, parseAddress, unreachableKind } from "../../net/index.ts";

/**
 * The address at which other nodes reach this one best, as far as it can know: the one from which it would send to the
 * internet, or else the first of its links.
 */
export async function ownAddress(): Promise<Address> {
  const sources = await Promise.all([sourceFor("udp4", "192.0.2.1"), sourceFor("udp6", "2001:db8::1")]);
  const links = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const others = links.filter(({ internal }) => !internal).map(({ address }) => parseAddress(address));
  const found = [...sources, ...others].find(
    (address) => address !== undefined && unreachableKind(address) === undefined && !isKubespanULA(address),
  );
  if (found !== undefined) return found;
  throw new KubespanError("usage", "this node has no address at which others could reach it", {
    hint: "name one, or a host name that leads here: --address 192.0.2.10",
  });
}

/** The source that the kernel chooses for an address that nobody has. No packet is sent. */
function sourceFor(type: "udp4" | "udp6", target: string): Promise<Address | undefined> {
  const socket = createSocket(type);
  return new Promise<Address | undefined>((resolve) => {
    socket.on("error", () => resolve(undefined));
    socket.connect(9, target, () => resolve(parseAddress(socket.address().address)));
  }).finally(() => socket.close());
}
