import { fileURLToPath } from "node:url";
import { type LabNode, waitFor } from "../../lab/index.ts";
import { Service } from "../../lab/service.ts";

const program = fileURLToPath(new URL("talk.pl", import.meta.url));

/** Sends with a source of its own choice; see talk.pl. */
export const say = (node: LabNode, ...args: readonly (string | number)[]): Promise<string> =>
  node.run("perl", program, ...args.map(String));

/** What the server at that port says, or nothing: then nobody answered for that long. */
export async function asked(
  node: LabNode,
  source: string,
  target: string,
  port: number,
  seconds = 60,
): Promise<string> {
  const args = ["tcp", source, target, port, seconds].map(String);
  return (await node.namespace.attempt("perl", program, ...args)).stdout.trim();
}

/** A TCP server that says this, and to whom, to whoever connects; it goes with the lab. */
export async function serve(node: LabNode, port: number, text: string): Promise<void> {
  const server = new Service(node.namespace, `server-${port}`, [
    "perl",
    program,
    "serve",
    String(port),
    text,
  ]);
  await server.start();
  await waitFor(async () => (await server.log().catch(() => "")).includes("listening"), { what: text });
}

/** Takes an address that others may have too, without telling anybody. */
export async function take(node: LabNode, address: string): Promise<void> {
  const bits = address.includes(":") ? 128 : 32;
  const flags = bits === 128 ? ["nodad"] : [];
  await node.namespace.sysctl("net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.all.arp_announce=2");
  await node.run("ip", "address", "replace", `${address}/${bits}`, "dev", "lo", ...flags);
}

export const giveBack = (node: LabNode, address: string): Promise<string> =>
  node.run("ip", "address", "del", `${address}/${address.includes(":") ? 128 : 32}`, "dev", "lo");

/** Packets that a chain's rules counted while `act` ran, by name of the counter; the table is gone afterwards. */
export async function counted(
  node: LabNode,
  chains: string,
  names: readonly string[],
  act: () => Promise<unknown>,
): Promise<Record<string, number>> {
  await node.namespace.nft(
    `table inet probe { ${names.map((name) => `counter ${name} { }`).join("\n")}\n${chains}\n}`,
  );
  try {
    await act();
    const listing = await node.run("nft", "list", "counters", "table", "inet", "probe");
    const found = listing.matchAll(/counter (\w+) \{\s*packets (\d+)/g);
    return Object.fromEntries([...found].map(([, name, packets]) => [name, Number(packets)]));
  } finally {
    await node.run("nft", "delete", "table", "inet", "probe");
  }
}
