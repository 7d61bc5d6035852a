import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ConfigOptions,
  configFile,
  kubespan,
  Lab,
  type LabNode,
  newCluster,
  type PublicNetwork,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";
import { disturbs } from "../unit/security/hostile-text.ts";

/*
 *   a 203.0.113.1          b 203.0.113.2          service 203.0.113.9
 *      |                      |                      |
 *   ===+======================+======================+=== internet
 *
 * What others' systems were attacked by, tried on the host of a running daemon (docs/security.md).
 */
let lab: Lab;
let a: LabNode;
let b: LabNode;
let discovery: PublicNetwork["discovery"];
let hub: LabNode;
let options: ConfigOptions;
const hostile = "x\u001b[31m\u202e$(id)";
const environment = { NODE_OPTIONS: "--inspect=127.0.0.1:9229", NODE_TLS_REJECT_UNAUTHORIZED: "0" };

beforeAll(async () => {
  lab = await Lab.open();
  let host: PublicNetwork["host"];
  ({ discovery, hub, host } = await publicNetwork(lab));
  [a, b] = [await host("a", 1), await host("b", 2)];
  options = { cluster: newCluster(), services: [discovery.url] };
  // Before the daemon: all of this is there when it starts.
  await a.run("ip", "link", "add", hostile, "type", "bridge");
  await a.run("ip", "address", "add", "198.51.100.7/24", "dev", hostile);
  await a.run("ip", "link", "set", hostile, "up");
  await a.namespace.nft(
    'table inet theirs {\n chain c {\n  type filter hook output priority 0;\n  ip daddr 198.51.100.9 meta mark set 0x60 comment "evil\u001b[2J\u202e"\n }\n}\n',
  );
  await b.start(options);
  await withEnvironment(environment, () => a.start(options));
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
});

afterAll(() => lab.close());

/** Of all that is started meanwhile. */
async function withEnvironment(
  variables: Record<string, string>,
  start: () => Promise<unknown>,
): Promise<void> {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  try {
    await start();
  } finally {
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  }
}

const listeners = async (node: LabNode): Promise<string[]> => {
  const text = await node.run("ss", "-H", "-l", "-n", "-t", "-u", "-w");
  return text
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [kind, , , , at] = line.trim().split(/\s+/);
      return `${kind} ${at}`;
    })
    .toSorted();
};

const lines = async (node: LabNode, pid: number, name: string): Promise<string> =>
  (await node.run("grep", `^${name}:`, `/proc/${pid}/status`)).split(":")[1]?.trim() ?? "";

const isAlive = async (): Promise<boolean> => (await a.daemon.status()).work.state === "working";

describe("Node's inspector, which is root for every local user", () => {
  it("is not opened by SIGUSR1, nor by the environment, and the signal ends nothing", async () => {
    expect(await listeners(a)).not.toContainEqual(expect.stringContaining(":9229"));
    for (let count = 0; count < 5; count++) a.daemon.signal("SIGUSR1");
    expect(await isAlive()).toBe(true); // it has answered since, and the signal was there before the question
    expect(await listeners(a)).not.toContainEqual(expect.stringContaining(":9229"));
    expect(await a.daemon.log()).not.toMatch(/Debugger|inspector/i);
  });

  it("is not opened by the discovery service either", async () => {
    discovery.signal("SIGUSR1");
    await waitFor(() => b.daemon.status(), { what: "an answer" });
    expect(await listeners(hub)).not.toContainEqual(expect.stringContaining(":9229"));
    expect(await discovery.log()).not.toMatch(/Debugger/i);
  });

  it("is not opened by any other command", async () => {
    await withEnvironment(environment, async () => {
      for (const command of [["--version"], ["validate", configFile], ["--help"]]) {
        const { stderr } = await a.namespace.attempt(kubespan, ...command);
        expect(stderr).not.toMatch(/Debugger|inspector|NODE_TLS_REJECT_UNAUTHORIZED/i);
      }
    });
  });
});

it("the daemon has no groups of whoever started it", async () => {
  await a.daemon.stop();
  const groups = ["setpriv", "--groups", "4,24,100", kubespan, "run", "--config", configFile];
  const [program = "", ...args] = groups;
  const started = a.namespace.attempt(program, ...args);
  await a.daemon.waitForStatus("a daemon", ({ work }) => work.state === "working");
  const { pid } = (await a.daemon.status()).node;
  expect(await lines(a, pid, "Groups")).toBe("");
  expect(await lines(a, pid, "Umask")).toBe("0077");
  process.kill(pid, "SIGTERM");
  expect((await started).exitCode).toBe(0);
  await a.daemon.start();
  await a.daemon.waitForPeers("b");
});

describe("what the daemon makes", () => {
  it("is for root alone: every file, folder and socket", async () => {
    const umask = process.umask(0);
    try {
      await b.daemon.command("down", "--forget-identity"); // so that it makes everything anew
      await b.daemon.ended();
      await b.run("rm", "-rf", "/run/kubespan", "/run/state");
      await b.run("mkdir", "-m", "700", "/run/state"); // as systemd does, and then compiled code is kept there, too
      await b.daemon.start();
      await b.daemon.waitForPeers("a");
    } finally {
      process.umask(umask);
    }
    const found = (
      await b.run(
        "find",
        "/run/kubespan",
        "/run/state",
        "/run/wireguard",
        "-mindepth",
        "1",
        "-printf",
        "%U:%G %m %y %p\n",
      )
    )
      .trim()
      .split("\n");
    // The group is the daemon's own (ADR 0020), and may do nothing.
    expect(found).toContainEqual("0:117356 600 s /run/kubespan/kubespan.sock");
    expect(found).toContainEqual("0:117356 600 f /run/state/identity.json");
    expect(found).toContainEqual("0:0 700 d /run/state/compiled");
    for (const line of found) expect(line).toMatch(/^0:(?:0|117356) (?:600|700) /);
    expect((await b.run("stat", "-c", "%a", "/run/kubespan", "/run/state")).split("\n").slice(0, 2)).toEqual([
      "700",
      "700",
    ]);
  });

  it("lets in nobody else: another user is refused by the socket", async () => {
    const asNobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
    const status = await b.namespace.attempt(...asNobody, kubespan, "status", "--config", configFile);
    expect(status.exitCode).not.toBe(0);
    const script = `require("net").connect("/run/kubespan/kubespan.sock").on("connect",()=>{console.log("IN");process.exit()}).on("error",(e)=>console.log(e.code))`;
    const { stdout } = await b.namespace.attempt(...asNobody, process.execPath, "-e", script);
    expect(stdout).toBe("EACCES\n");
  });

  it("lets in a group that the configuration names, and nobody else", async () => {
    await b.daemon.stop();
    await b.start({ ...options, daemon: { socketGroup: "games" } });
    await b.daemon.waitForPeers("a");
    const [, , number = ""] = (await b.run("getent", "group", "games")).split(":");
    expect(await b.run("stat", "-c", "%a %g", "/run/kubespan", "/run/kubespan/kubespan.sock")).toBe(
      `710 ${number}\n660 ${number}\n`,
    );
    const asUser = (group: string) =>
      b.namespace.attempt(
        "setpriv",
        "--reuid",
        "65534",
        "--regid",
        group,
        "--clear-groups",
        kubespan,
        "status",
      );
    const { exitCode, stdout } = await asUser(number);
    expect(stdout).toContain("1 of 1 peers up");
    expect(exitCode).toBe(0);
    expect((await asUser("65534")).exitCode).toBe(5);
    await b.daemon.stop();
    await b.start({ ...options, daemon: { socketGroup: "no-such-group" } });
    await b.daemon.waitForPeers("a");
    expect(await b.daemon.log()).toContain("there is no group no-such-group");
    expect(await b.run("stat", "-c", "%a", "/run/kubespan/kubespan.sock")).toBe("600\n");
  });

  /** Where peers are raced, answers come to a socket of each family at a port that the kernel chose; each has to be authentic. */
  it("listens on WireGuard's port, for farewells in the mesh, and on nothing else but the sockets that hear of races and relayed handshakes", async () => {
    const open = (await listeners(b)).filter((each) => !/^(?:\?\?\?|raw|p_)/.test(each));
    expect(open.filter((each) => each.startsWith("tcp"))).toEqual([]);
    expect(open.filter((each) => each.endsWith(":51820"))).toHaveLength(2);
    // On the KubeSpan address alone, where only what came out of a tunnel arrives.
    const { node: self } = await b.daemon.status();
    const farewells = `udp [${self.address}]:51822`;
    expect(open).toContain(farewells);
    const others = open.filter((each) => !each.endsWith(":51820") && each !== farewells);
    // One for races and one for relaying, of each family.
    expect(others.filter((each) => each.startsWith("udp 0.0.0.0:")).length).toBeLessThanOrEqual(2);
    expect(others.filter((each) => each.startsWith("udp [::]:")).length).toBeLessThanOrEqual(2);
    expect(others.length).toBeLessThanOrEqual(4);
  });
});

it("no escape sequence of a link, a table or a comment reaches a terminal or the log", async () => {
  const outputs: string[] = [];
  await waitFor(
    async () => {
      const { stdout } = await a.daemon.command("status");
      return stdout.includes("theirs") && stdout.includes("198.51.100.7");
    },
    { what: "what others have" },
  );
  for (const [command, ...more] of [
    ["status"],
    ["status", "-o", "json"],
    ["doctor"],
    ["doctor", "-o", "json"],
    ["run", "--dry-run"],
  ] as [string, ...string[]][]) {
    const { stdout, stderr } = await a.daemon.command(command, ...more);
    outputs.push(stdout + stderr);
    if (more.includes("json")) expect(() => JSON.parse(stdout) as unknown).not.toThrow();
  }
  outputs.push(await a.daemon.log());
  for (const output of outputs) {
    expect(output).not.toBe("");
    expect(disturbs(output)).toBe(false);
  }
});

it("links and pipes in the state folder are refused without waiting for them", async () => {
  await a.daemon.stop();
  const state = "/run/state";
  for (const [make, complaint] of [
    [`mv ${state} /run/real-state; ln -s /run/real-state ${state}`, "is a symbolic link"],
    [`rm ${state}; mv /run/real-state ${state}; chmod 777 ${state}`, "others may write in it"],
    [
      `chmod 700 ${state}; mv ${state}/identity.json /run/kept; ln -s /run/kept ${state}/identity.json`,
      "is a symbolic link",
    ],
    [`rm ${state}/identity.json; mkfifo ${state}/identity.json`, "it is not a regular file"],
    [`rm ${state}/identity.json; mknod ${state}/identity.json c 1 5`, "it is not a regular file"],
  ] as const) {
    await a.run("sh", "-euc", make);
    for (const command of ["run", "down"]) {
      const { exitCode, stderr } = await a.daemon.command(command);
      expect([exitCode, stderr]).toEqual([4, expect.stringContaining(complaint)]);
    }
  }
  await a.run("sh", "-euc", `rm ${state}/identity.json; mv /run/kept ${state}/identity.json`);
  await a.run("sh", "-euc", `rm -f ${state}/sysctls.json; mkfifo ${state}/sysctls.json`);
  const refused = await a.daemon.command("down");
  expect([refused.exitCode, refused.stderr]).toEqual([
    4,
    expect.stringContaining("it is not a regular file"),
  ]);
  await a.run("rm", `${state}/sysctls.json`);
  // What only helps at the start is left aside, and said.
  for (const name of ["endpoints.json", "affiliates.json"])
    await a.run("sh", "-euc", `rm -f ${state}/${name}; mkfifo ${state}/${name}`);
  await a.daemon.start();
  await a.daemon.waitForPeers("b");
  for (const name of ["endpoints.json", "affiliates.json"])
    expect(await a.daemon.log()).toContain(`cannot read ${state}/${name}: it is not a regular file`);
});
