// The examples in help texts that change something, as an operator might type them one after the other.
//
//     first .10, second .11, third .12, laptop .13, old-node .14 ─┐
//     alone .20 and elsewhere .21, each with a mesh of its own   ─┴─ switch, 192.0.2.0/24
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { waitFor } from "../../../lab/wait.ts";
import { actingExamples } from "../../../src/cli/examples.ts";
import { type Machines, machinesAt, tokenIn } from "./machines.ts";

const addresses = {
  first: "192.0.2.10",
  second: "192.0.2.11",
  third: "192.0.2.12",
  laptop: "192.0.2.13",
  "old-node": "192.0.2.14",
  alone: "192.0.2.20",
  elsewhere: "192.0.2.21",
};
type Name = keyof typeof addresses;

let machines: Machines;
let operatorKeys = "";
const ran = new Set<string>();

beforeAll(async () => {
  machines = await machinesAt(addresses);
  for (const name of Object.keys(addresses))
    await machines.done(name, `mount -t tmpfs root /root\n${programs}`);
});
afterAll(() => machines.remove());

/** Stands for an editor that adds a comment, and for ssh, which keeps what it would bring to the other machine. */
const programs = [
  `printf '#!/bin/sh\\necho "# edited" >>"$1"\\n' >/run/programs/nano`,
  `printf '#!/bin/sh\\ncat >/root/brought; shift; echo "$@" >/root/asked\\n' >/run/programs/ssh`,
  "chmod +x /run/programs/nano /run/programs/ssh",
].join("\n");

const inRoot = (line: string): string => `cd /root\n${line}`;

/** Runs an example, which ends with one of these codes, and gives what it printed. */
async function run(name: Name, line: string, codes: readonly number[] = [0], input = ""): Promise<string> {
  ran.add(line);
  const given = input === "" ? "" : ` <<'END'\n${input.trim()}\nEND`;
  const { exitCode, all } = await machines.shell(name, inRoot(`${line}${given}`));
  expect(codes, `${line}\n${all}`).toContain(exitCode);
  return all;
}

/** Runs an example until it succeeds: what it asks for may have to wait for something else. */
const runOnceItCan = (name: Name, line: string): Promise<unknown> => {
  ran.add(line);
  let last = "";
  return waitFor(
    async () => {
      const { exitCode, all } = await machines.shell(name, inRoot(line));
      last = all;
      return exitCode === 0;
    },
    { what: line, describe: () => last },
  );
};

/** Runs an example that goes on until it is ended, once the condition holds. */
async function runUntil(name: Name, line: string, condition: string): Promise<void> {
  ran.add(line);
  const script = `${line} >/root/log 2>&1 &\nuntil ${condition}; do kill -0 $!; sleep 0.2; done\nkill -TERM $!\nwait $!`;
  await machines.done(name, inRoot(script));
}

/** Runs an example that pipes something to another machine, and there what it asks for. */
async function runThere(name: Name, line: string, other: Name): Promise<void> {
  await run(name, line);
  const brought = await machines.done(name, "cat /root/brought");
  const asked = await machines.done(name, "cat /root/asked");
  const { exitCode, all } = await machines.shell(
    other,
    inRoot(`${asked.trim()} <<'END'\n${brought.trim()}\nEND`),
  );
  expect(exitCode, all).toBe(0);
}

const write = (name: Name, file: string, text: string): Promise<string> =>
  machines.done(name, `cat >/root/${file} <<'END'\n${text}\nEND`);

const daemonPatch = (keys: string): string =>
  `apiVersion: v1alpha1\nkind: KubeSpanDaemonConfig\noperatorKeys: ${keys}`;

describe("joining", () => {
  test("a mesh begins, and nodes join it in each way", async () => {
    await run("first", "kubespan init --discovery");
    await run("alone", "kubespan init --discovery --address 203.0.113.7");
    await run("elsewhere", "kubespan init --service https://discovery.example.org/");
    const token = tokenIn(await run("first", "kubespan token --qr"));
    await runThere("first", "kubespan token | ssh root@192.0.2.11 kubespan join", "second");
    await runThere(
      "first",
      "kubespan token --discovery | ssh root@192.0.2.12 kubespan join --discovery",
      "third",
    );
    await run("laptop", "kubespan join", [0], token);
    await write("old-node", "token", token);
    await run("old-node", "kubespan join --token-file /root/token");
    await run("alone", "kubespan leave");
  });
});

describe("the configuration", () => {
  test("is changed, tried and confirmed", async () => {
    await run("first", "kubespan gen operator-key -o operator.key");
    operatorKeys = (await run("first", "kubespan gen operator-key --public operator.key")).trim();
    operatorKeys = operatorKeys.slice(operatorKeys.indexOf("["));
    for (const name of ["first", "second", "third", "old-node"] as const)
      await write(name, "change.yaml", daemonPatch(operatorKeys));
    await run("first", "EDITOR=nano kubespan config edit --mode try");
    await run("first", "kubespan config confirm");
    await run("first", "kubespan config patch change.yaml --mode try");
    await run("first", "kubespan config confirm");
    for (const name of ["second", "third", "old-node"] as const)
      await machines.done(name, inRoot("kubespan config patch change.yaml"));
    await write("first", "mtu.json", `[{"op": "add", "path": "/mtu", "value": 1400}]`);
    await run("first", "kubespan config patch mtu.json --document KubeSpanConfig");
    expect(await machines.done("first", "cat /etc/kubespan/config.yaml")).toMatch(/mtu: 1400[^]*# edited/);
  });
});

describe("keys", () => {
  test("a node is kept out, and keys and secrets are replaced", async () => {
    await run("first", "kubespan evict laptop --key operator.key");
    await run("first", "kubespan evict laptop --key operator.key --lift");
    await run("first", "kubespan evict laptop --key - < operator.key");
    await run("first", "kubespan rotate key");
    await runOnceItCan("first", "kubespan evict laptop --key operator.key --rotate");
    await runOnceItCan("first", "kubespan rotate secret --key operator.key");
    await runOnceItCan("first", "kubespan rotate secret --key operator.key --within 168");
  });
});

describe("a node", () => {
  test("is looked at, leaves, is closed meanwhile, and comes back", async () => {
    await machines.kill("old-node");
    await run("first", "kubespan help gen config");
    await run("second", "kubespan doctor", [0, 10]);
    await run("second", "kubespan doctor -o json", [0, 10]);
    await run("second", "kubespan marks 0x100", [0, 14]);
    await run("second", "kubespan marks 0x1000/0x3000 --machine", [0, 14]);
    await machines.done("second", "iptables -t mangle -A FORWARD -m mark --mark 0x1000 -j ACCEPT");
    await run("second", "iptables-save > rules; kubespan marks 0x1000 --rules rules -o json", [0, 14]);
    await run("second", "nft list ruleset > rules; kubespan marks 0x1000 --rules rules", [0, 14]);
    await run("second", "kubespan down");
    await run("second", "kubespan run --dry-run");
    await runUntil("second", "kubespan run", "kubespan status");
    await run("second", "kubespan barrier load");
    await run("second", "kubespan down --forget-identity");
    await runUntil(
      "second",
      "kubespan discovery serve --listen 127.0.0.1:3000 --insecure",
      "grep -q . /root/log",
    );
    await runOnceItCan("first", "kubespan forget old-node");
  });
});

test("all of them were run", () => {
  expect([...ran].toSorted()).toEqual(
    [...new Set(Object.values(actingExamples).flatMap((each) => each.map(([line]) => line)))].toSorted(),
  );
});
