import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  Capture,
  type ConfigOptions,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";
import { Service } from "../../lab/service.ts";

/*
 * The ports of a daemon that has ended, taken by a user without privileges on b, which is a relay, too.
 *
 *   a 203.0.113.1    b 203.0.113.2    service 203.0.113.9, no member
 *     2001:db8::1      2001:db8::2      2001:db8::9
 *   ===+================+================+=== internet
 */
let lab: Lab;
let internet: Network;
let a: LabNode;
let b: LabNode;
let options: ConfigOptions;
const program = fileURLToPath(new URL("taken.pl", import.meta.url));
const nobody = [
  "setpriv",
  "--reuid=65534",
  "--regid=65534",
  "--clear-groups",
  "--inh-caps=-all",
  "--bounding-set=-all",
];
const families = [
  { any: "0.0.0.0", member: "203.0.113.1", stranger: "203.0.113.9" },
  { any: "::", member: "2001:db8::1", stranger: "2001:db8::9" },
] as const;

beforeAll(async () => {
  lab = await Lab.open();
  const { network, discovery, host, hub } = await publicNetwork(lab);
  internet = network;
  [a, b] = [await host("a", 1), await host("b", 2)];
  for (const [node, last] of [
    [a, 1],
    [b, 2],
    [hub, 9],
  ] as const)
    await node.address("eth0", `2001:db8::${last}/64`);
  await b.namespace.sysctl("net.ipv4.ip_forward=1");
  options = { cluster: newCluster(), services: [discovery.url] };
  await a.start(options);
  await b.start({ ...options, daemon: { relay: { serve: true } } });
  await bothUp();
});

afterAll(() => lab.close());

const bothUp = async (): Promise<void> => {
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
};

/** Twelve bytes into each message, so that a capture tells it from what WireGuard sends. */
const sign = "6b6e6f77";
const signed = `udp[20:4] = 0x${sign} or ip6[60:4] = 0x${sign}`;

/** What looks like a message of ours from the outside: a type, an index or the beginning of a transaction, the sign, a length. */
const message = (head: string, bytes: number): string => `${head}${sign.repeat(bytes)}`.slice(0, 2 * bytes);

const portIn = (text: string): string =>
  /udp sport (\d+) (?:meta )?skuid/.exec(text)?.[1] ?? expect.fail(text);

/** The ports of b's daemon, and messages that its rules take for its own. */
async function ofDaemon(): Promise<{ port: string; hex: string; family: (typeof families)[number] }[]> {
  const racing = await b.run("nft", "-n", "list", "table", "inet", "kubespan_racing");
  const tag = /0xf{5}000 (?:== )?0x([\da-f]+)/.exec(racing)?.[1]?.padStart(8, "0") ?? expect.fail(racing);
  const found = await Promise.all(
    (["ip", "ip6"] as const).map(async (header, at) => {
      const family = families[at] ?? expect.fail();
      const relay = await b.run("nft", "-n", "list", "table", header, "kubespan_relay");
      const lines = racing.split("\n").filter((line) => /nfproto (?:2|10|ipv[46])/.test(line));
      const own = lines.filter((line) => (/nfproto (?:10|ipv6)/.test(line) ? 1 : 0) === at).join("\n");
      return [
        { family, port: portIn(own), hex: message(`01000000${tag}00000000`, 148) },
        { family, port: portIn(own), hex: message(`000100002112a442${tag}`, 20) },
        { family, port: portIn(relay), hex: message("020000000000000000000000", 92) },
      ];
    }),
  );
  return found.flat();
}

async function seen(act: () => Promise<unknown>): Promise<string[]> {
  const capture = await Capture.start(lab, internet);
  await act();
  await capture.stop();
  return capture.lines(signed);
}

const say = (as: readonly string[], ...args: readonly (string | number)[]) =>
  b.namespace.attempt(...as, "perl", program, "say", ...args.map(String));

/** A program of nobody's at a port of b's. */
async function taken(...args: readonly (string | number)[]): Promise<Service> {
  const service = new Service(b.namespace, `taken-${args.join("-")}`, [
    ...nobody,
    "perl",
    program,
    ...args.map(String),
  ]);
  await service.start();
  await waitFor(async () => (await service.log().catch(() => "")).includes("at the port"), {
    what: "the port",
    describe: () => service.log(),
  });
  return service;
}

it("nothing leaves in clear from the ports for races and relayed handshakes, although the rules are still there", async () => {
  const ports = await ofDaemon();
  expect(ports).toHaveLength(6);
  await b.daemon.stop("SIGKILL");
  const sayAll = (as: readonly string[]) => async () => {
    for (const { family, port, hex } of ports)
      for (const to of [51_820, 9])
        expect((await say(as, family.any, port, family.member, to, hex)).stderr).toBe("");
  };
  expect(await seen(sayAll(nobody))).toEqual([]);
  // The rules take these messages for the daemon's: from its user they leave, and from WireGuard's port.
  const own = await seen(sayAll([]));
  expect(own.length).toBe(2 * ports.length);
  for (const line of own) expect(line).toMatch(/(?:203\.0\.113\.2|2001:db8::2)\.51820 > /);
});

it("nobody confirms a farewell in the place of a daemon that ended, so that it is told by the registry, too", async () => {
  const { address } = (await a.daemon.status()).node;
  const own = (await b.run("ip", "-6", "-o", "address", "show", "dev", "kubespan", "scope", "global")).split(
    /\s+/,
  )[3];
  const confirming = await taken("confirm", own?.split("/")[0] ?? "", 51_822);
  expect((await a.daemon.command("down")).exitCode).toBe(0);
  await a.daemon.ended();
  expect(await confirming.log()).toContain('"notice":"farewell"');
  await confirming.stop();
  await b.daemon.start();
  await b.daemon.waitForStatus("no peers", ({ peers }) => peers.length === 0);
  expect(await b.daemon.log()).toContain("a is no member any more: it left the mesh");
  await a.daemon.start();
  await bothUp();
  expect(address).toBe((await a.daemon.status()).node.address);
});

const sayFromWireGuards = (to: "member" | "stranger") => async () => {
  for (const family of families)
    for (const port of [51_820, 9])
      await say(nobody, family.any, 51_820, family[to], port, message("04000000", 64));
};

describe("WireGuard's own port, while the link is gone", () => {
  it("sends nobody's packets to no member, and to others as any port does", async () => {
    await b.daemon.stop("SIGKILL");
    await b.run("ip", "link", "del", "kubespan");
    expect(await seen(sayFromWireGuards("member"))).toEqual([]);
    expect((await seen(sayFromWireGuards("stranger"))).length).toBe(4);
  });

  it("keeps the mesh closed while it is held, and status says so; then the mesh is there again", async () => {
    const holding = await taken("hold", 51_820);
    const clear = await seen(async () => {
      await b.daemon.start();
      await waitFor(async () => (await b.daemon.command("status")).exitCode === 12, {
        what: "a failing pass",
      });
      for (const family of families)
        await say(nobody, family.any, 0, family.member, 9, message("04000000", 64));
    });
    expect(clear).toEqual([]);
    expect((await b.daemon.command("status")).stdout).toMatch(
      /^problem: +.*(?:port|address already in use)/im,
    );
    await holding.stop();
    await bothUp();
  });
});
