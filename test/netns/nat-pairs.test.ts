import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type ConfigOptions,
  Lab,
  type LabNode,
  newCluster,
  type PublicNetwork,
  publicNetwork,
  type Translation,
  waitFor,
} from "../../lab/index.ts";

/*
 *   left-none .10  service .9   right-none .20
 *        |            |             |
 *   =====+============+=============+==== internet 203.0.113.0/24
 *        |                          |
 *   four routers .11 to .14    four routers .21 to .24
 *        |                          |
 *   a left node behind each    a right node behind each
 *
 * The left nodes run all the time. One right node after the other joins, and leaves again. docs/nat.md tells how each
 * pair did; KUBESPAN_WRITE_DOCS=1 writes it.
 */
const kinds = ["none", "full cone", "restricted", "port-restricted", "symmetric"] as const;
type Kind = (typeof kinds)[number];

const document = fileURLToPath(new URL("../../docs/nat.md", import.meta.url));
let lab: Lab;
let internet: PublicNetwork;
let options: ConfigOptions;
const left = new Map<Kind, LabNode>();
const right = new Map<Kind, LabNode>();

const translationOf = (kind: Exclude<Kind, "none">, inside: string): Translation => {
  if (kind === "full cone") return { fullCone: inside };
  if (kind === "restricted") return { restricted: inside };
  return kind === "symmetric" ? "masquerade fully-random" : "masquerade";
};

/** Without a relay, who maps by destination is reached only by whom it may reach at any port. */
const canConnect = (one: Kind, two: Kind): boolean =>
  ![one, two].includes("symmetric") ||
  ![one, two].every((kind) => /^(symmetric|port-restricted)$/.test(kind));

async function place(side: string, kind: Kind, last: number): Promise<LabNode> {
  const name = `${side}${kinds.indexOf(kind)}`;
  if (kind === "none") return internet.host(name, last);
  const network = await lab.network(`${name}-in`);
  const router = await lab.router(`${name}-nat`);
  await router.attach(internet.network, `203.0.113.${last}/24`);
  await router.attach(network, `192.168.${last}.1/24`);
  await router.translate(translationOf(kind, `192.168.${last}.11`));
  const node = await lab.node(name);
  await node.attach(network, `192.168.${last}.11/24`);
  await node.defaultRoute(`192.168.${last}.1`);
  return node;
}

beforeAll(async () => {
  lab = await Lab.open();
  internet = await publicNetwork(lab);
  // The nodes without a NAT would relay for the pairs of which this says that no direct path joins them.
  const daemon = { relay: { use: false } };
  options = { cluster: newCluster(), services: [internet.discovery.url], daemon };
  for (const [index, kind] of kinds.entries()) {
    left.set(kind, await place("l", kind, 10 + index));
    right.set(kind, await place("r", kind, 20 + index));
  }
  for (const node of left.values()) await node.start(options);
});

afterAll(() => lab.close());

/** By the kind of the left node: milliseconds from the start of the right one until it saw the left one up. */
async function join(kind: Kind): Promise<Map<Kind, number>> {
  const node = right.get(kind) ?? expect.fail("no such node");
  const upAfter = new Map<Kind, number>();
  await node.start(options);
  const begun = performance.now();
  await waitFor(
    async () => {
      for (const { label, state } of (await node.daemon.status()).peers) {
        const other = kinds[Number(label.slice(1))];
        if (other && state === "up" && !upAfter.has(other)) upAfter.set(other, performance.now() - begun);
      }
      return kinds.every((other) => upAfter.has(other) || !canConnect(kind, other));
    },
    {
      what: `the peers of ${kind}`,
      describe: () => node.daemon.command("status").then(({ stdout }) => stdout),
    },
  );
  for (const other of upAfter.keys()) {
    const { address } = (await left.get(other)?.daemon.status())?.node ?? expect.fail("no status");
    await waitFor(() => node.reaches(address), { what: `an answer from ${other} to ${kind}` });
  }
  await node.daemon.command("down");
  await node.daemon.ended();
  return upAfter;
}

/** The table without its times. */
const verdicts = (lines: string): string[] =>
  lines
    .trim()
    .split("\n")
    .map((line) => line.replace(/, [\d.]+ s/g, ""));

it("every pair that can connect does, directly, as the documentation says", async () => {
  const rows: string[] = [];
  for (const kind of kinds) {
    const upAfter = await join(kind);
    const cells = kinds.map((other) => {
      const ms = upAfter.get(other);
      return ms === undefined ? "no" : `yes, ${(ms / 1000).toFixed(1)} s`;
    });
    rows.push(`| ${[kind, ...cells].join(" | ")} |`);
  }
  const text = await readFile(document, "utf8");
  const table = /(?<=\n\|---\|.*\n)(\|.*\n)+/.exec(text)?.[0] ?? expect.fail("docs/nat.md has no table");
  if (process.env["KUBESPAN_WRITE_DOCS"] === "1")
    await writeFile(
      document,
      text.replace(table, () => `${rows.join("\n")}\n`),
    );
  expect(verdicts(rows.join("\n"))).toEqual(verdicts(table));
});
