import { randomBytes } from "node:crypto";
import { Capture } from "../capture.ts";
import { attempt, type Result } from "../command.ts";
import type { Lab } from "../lab.ts";
import { waitFor } from "../wait.ts";
import { addressOf, nodeNames, podNetwork, serviceNetwork } from "./plan.ts";
import type { Site } from "./site.ts";
import { judge, type Traces, type Verdict } from "./verdict.ts";
import type { ClusterWay } from "./ways.ts";

const [address, address6] = [addressOf(4), addressOf(6)];

/** Packets that have no part in this: those of the client outside, and of the mesh, which is encrypted. */
const others = `not host ${address.client} and not host ${address6.client} and not udp port 51820`;

/** Packets of nodes and pods, other than those of registries. */
const inClear = [
  `(host ${address.n1} or host ${address.routerA} or host ${address.routerB}`,
  `or host ${address6.n1} or host ${address6.routerA} or host ${address6.routerB} or net 2001:db8:2::/47`,
  `or net ${podNetwork[4]} or net ${serviceNetwork[4]} or net 192.168.0.0/16`,
  `or net ${podNetwork[6]} or net ${serviceNetwork[6]})`,
  "and not tcp port 3000 and not tcp port 6443 and not arp",
  "and not (icmp6 and ip6[40] > 129)", // neighbours
].join(" ");

/** The number of bytes of a packet that hold the payload's beginning, which is what is looked for, inside any tunnel. */
const snapLength = 2048;

/** The time now as tcpdump prints it. */
const now = (): number => Date.now() / 1000;

/** The payload of one way, 16 bytes that are in no other packet. */
const newToken = (): string => `w-${randomBytes(7).toString("hex")}`;

/** Asks every way once, one after the other, while everything between the machines and in the tunnels is captured. */
export async function measure(
  lab: Lab,
  site: Site,
  probe: string,
  ways: readonly ClusterWay[],
): Promise<Verdict[]> {
  const { internet, nodes, client } = site;
  const between = await Capture.on(lab.wires, internet.name, { filter: others, snapLength });
  const tunnels = await Promise.all(
    nodeNames.map((name) => Capture.on(nodes[name].namespace, "kubespan", { snapLength })),
  );
  const asked: { way: ClusterWay; token: string; result: Result; from: number }[] = [];
  let end = Number.POSITIVE_INFINITY;
  const captures = [between, ...tunnels];
  try {
    for (const way of ways) {
      const token = newToken();
      const from = now();
      asked.push({ way, token, from, result: await ask(way, token) });
    }
    end = now();
    await settled(site, between, tunnels);
  } finally {
    await Promise.all(captures.map((capture) => capture.stop()));
  }
  const tokens = asked.map(({ token }) => token);
  const [clearTokens, ...meshTokens] = await Promise.all(captures.map((capture) => capture.found(tokens)));
  const lines = (await between.lines(inClear, "-tt")).map((line) => ({
    at: Number(line.split(" ")[0]),
    line,
  }));
  await Promise.all(captures.map((capture) => capture.remove()));
  return asked.map(({ way, token, result, from }, index) => {
    const next = asked[index + 1]?.from ?? end;
    const traces: Traces = {
      exitCode: result.exitCode,
      output: result.stdout + result.stderr,
      inClear: lines.filter(({ at }) => at >= from && at < next).map(({ line }) => line),
      isPayloadInClear: clearTokens?.has(token) === true,
      isPayloadInMesh: meshTokens.some((found) => found.has(token)),
    };
    return judge(way, traces);
  });

  function ask(way: ClusterWay, token: string): Promise<Result> {
    const argv = commandOf(way, token, probe);
    const { from } = way;
    if (from === "client") return client.namespace.attempt(...argv);
    if (typeof from === "string") return nodes[from].namespace.attempt(...argv);
    return attempt(["nsenter", "--target", String(from.pid), "--net", "--", ...argv]);
  }
}

/** Waits until the captures hold what was sent last. Nothing could be said about packets that are not written yet. */
async function settled({ nodes }: Site, between: Capture, tunnels: readonly Capture[]): Promise<void> {
  const token = newToken();
  const send = (): Promise<unknown> =>
    Promise.all(
      [address.service, address.n2, address.n3].map((target) =>
        nodes.n1.namespace.attempt("ping", "-n", "-c", "1", "-W", "2", "-p", hexOf(token), target),
      ),
    );
  const hasIt = async (capture: Capture): Promise<boolean> => {
    await send();
    return (await capture.found([token])).has(token);
  };
  await waitFor(() => hasIt(between), { what: "the last packet in the capture" });
  // Where the mesh is broken nothing arrives, and the ways tell so.
  for (const tunnel of tunnels)
    await waitFor(() => hasIt(tunnel), { what: "the last packet", seconds: 10 }).catch(() => undefined);
}

const hexOf = (token: string): string => Buffer.from(token).toString("hex");

function commandOf({ question, target, size }: ClusterWay, token: string, probe: string): string[] {
  if (question === "ping") {
    return ["ping", "-n", "-c", "3", "-i", "0.2", "-W", "3", "-p", hexOf(token), target];
  }
  return [probe, question, token, target, ...(size === undefined ? [] : [String(size)])];
}
