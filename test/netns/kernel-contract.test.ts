import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { destroyNamespaces, Namespace } from "../../lab/namespace.ts";
import { waitFor } from "../../lab/wait.ts";
import type { Command } from "../../src/base/index.ts";
import { type ReadSetting, type Runner, run } from "../../src/system/index.ts";
import { changed, observed, outcomeOf } from "../unit/kernel/observations.ts";
import { readRecorded, recordedFile, recordedText } from "../unit/kernel/recorded.ts";
import { script } from "../unit/kernel/script.ts";
import { farLink, probed, uplink } from "../unit/kernel/values.ts";

/** With KUBESPAN_RECORD=1 what this kernel says is written down as what the fake one has to say. */
const isRecording = process.env["KUBESPAN_RECORD"] === "1";
const name = `kubespan-contract-${process.pid}`;

let namespace: Namespace;
beforeAll(async () => {
  namespace = await Namespace.create(name, "contract");
  await namespace.sysctl(
    "net.ipv6.conf.default.addr_gen_mode=1", // link-local addresses come when they like
    "net.ipv4.conf.all.rp_filter=0",
    "net.ipv4.conf.default.rp_filter=0",
    "net.ipv4.ip_forward=0",
  );
});
afterAll(() => destroyNamespaces([name]));

const inside: Runner = (command) => {
  const [program = "", ...args] = namespace.enter([command.program, ...command.args]);
  const entered = { program: program as Command["program"], args };
  if (!command.detached) return run({ ...command, ...entered });
  const readyFile = namespace.path(command.detached.readyFile.replace("/var/run/", "/run/"));
  return run({ ...entered, detached: { ...command.detached, readyFile } });
};

const read: ReadSetting = async (key) => {
  const { exitCode, stdout } = await namespace.attempt("cat", `/proc/sys/${key}`);
  return exitCode === 0 ? stdout.trim() : undefined;
};

const headerOf = (address: string): string => (address.includes(":") ? "ip6" : "ip");

/** Who is behind the uplink is found without asking, and counts what arrives, by address. */
async function listen(): Promise<void> {
  for (const neighbour of ["192.0.2.254", "192.0.2.77", "2001:db8::fe"])
    await namespace.run("ip", "neigh", "replace", neighbour, "lladdr", "02:00:00:00:00:02", "dev", uplink);
  await namespace.nft(`table netdev far {
${probed.map((_, at) => `counter c${at} { }`).join("\n")}
chain arriving {
type filter hook ingress device ${farLink} priority 0; policy accept;
${probed.map((address, at) => `${headerOf(address)} daddr ${address} udp dport 7 counter name c${at}`).join("\n")}
}
}
`);
}

const arrivedIn = (listing: string): string[] =>
  probed.filter((_, at) => new RegExp(`counter c${at} \\{\\s+packets [1-9]`).test(listing));

const count = "nft list counters table netdev far";

/** The addresses to which a packet leaves the uplink. They are sent in their order; the last one always arrives. */
async function leaving(): Promise<string[]> {
  const sends = probed.map((address) => `echo x > /dev/udp/${address}/7`);
  const lines = `nft reset counters table netdev far >/dev/null; { ${sends.join("; ")}; } 2>/dev/null; ${count}`;
  let listing = await namespace.run("bash", "-c", lines);
  await waitFor(
    async () => {
      if (arrivedIn(listing).includes(probed.at(-1) ?? "")) return true;
      listing = await namespace.run(...count.split(" "));
      return false;
    },
    { what: "the last packet" },
  );
  return arrivedIn(listing);
}

/** Some hundred commands run one after the other: a busy machine takes minutes. */
const limitMs = 900_000 * Number(process.env["KUBESPAN_TEST_PATIENCE"] ?? 1);

test(
  "the real tools and the real kernel do what the fake ones do",
  async () => {
    const steps: unknown[] = [];
    let before: Readonly<Record<string, unknown>> = {};
    for (const step of script) {
      const outcome = await outcomeOf(inside, step.commands);
      expect(outcome, step.name).toBe(step.fails ? "failed" : "done");
      if (steps.length === 0) await listen();
      const now = { ...(await observed(inside, read)), clear: await leaving() };
      steps.push(JSON.parse(JSON.stringify({ step: step.name, ...changed(before, now) })));
      before = now;
    }
    if (isRecording) await writeFile(recordedFile, recordedText(steps));
    else expect(steps).toEqual(readRecorded());
  },
  limitMs,
);
