import { afterAll, beforeAll, expect, it } from "vitest";
import { Lab, type LabNode, type Network, newCluster, publicNetwork, waitFor } from "../../lab/index.ts";
import { clearDuring } from "../netns/in-clear.ts";

/*
 * The nft of Debian 12, as in a container that shares the network of a, beside that of Debian 13, by which the daemon makes
 * its tables.
 *
 *   a 203.0.113.1    b 203.0.113.2
 *   ===+================+=== internet
 */
let lab: Lab;
let internet: Network;
let a: LabNode;
let b: LabNode;
const olderRoot = process.env["KUBESPAN_TEST_DEBIAN12"] ?? "";

beforeAll(async () => {
  lab = await Lab.open();
  const { network, discovery, host } = await publicNetwork(lab);
  internet = network;
  [a, b] = [await host("a", 1), await host("b", 2)];
  await a.namespace.sysctl("net.ipv4.ip_forward=1");
  const options = { cluster: newCluster(), services: [discovery.url] };
  await a.start({ ...options, daemon: { relay: { serve: true } } });
  await b.start(options);
  await bothUp();
});

afterAll(() => lab.close());

const bothUp = () => Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);

const older = (...args: readonly string[]) => a.namespace.attempt("chroot", olderRoot, "nft", ...args);

it("an nft of Debian 12 lists all that the daemon made, and changes tables of its own beside it", async () => {
  expect((await older("--version")).stdout).toContain("v1.0.");
  await a.run("nft", "add table ip theirs; add chain ip theirs c");
  expect(await older("add", "rule", "ip", "theirs", "c", "accept")).toMatchObject({ exitCode: 0 });
  const { exitCode, stdout } = await older("list", "ruleset");
  expect(exitCode).toBe(0);
  for (const table of [
    "inet talos_kubespan",
    "inet kubespan_racing",
    "ip kubespan_relay",
    "ip6 kubespan_relay",
  ])
    expect(stdout).toContain(`table ${table} {`);
});

it("a table that was made before, at which that nft crashes, is replaced, and nothing leaves in clear", async () => {
  await a.daemon.stop();
  await a.namespace.write("/run/former.sh", former, 0o755);
  await a.run("sh", "/run/former.sh");
  expect((await older("list", "ruleset")).stdout).not.toContain("talos_kubespan");
  const seen = await clearDuring(lab, internet, [[a, "203.0.113.2"]], async (streams) => {
    await a.daemon.start();
    await bothUp();
    await waitFor(async () => (await older("list", "ruleset")).stdout.includes("typeof ip daddr"), {
      what: "the table by typeof",
    });
    for (const stream of streams) await stream.moreAnswers(20);
  });
  expect(seen).toEqual([]);
});

/** The table as releases before wrote it: the sets by the names of their types. */
const former = `set -eu
nft list table inet talos_kubespan | sed -e 's/typeof ip daddr/type ipv4_addr/' -e 's/typeof ip6 daddr/type ipv6_addr/' >/run/former
{ echo 'delete table inet talos_kubespan'; cat /run/former; } >/run/former.nft
nft -f /run/former.nft
`;
