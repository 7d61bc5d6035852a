// kubespan init, join, token and leave, as they are typed, on machines of their own.
//
//     first 192.0.2.10 ─┐
//    second 192.0.2.11 ─┴─ switch
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { waitFor } from "../../../lab/wait.ts";
import { decodeToken, encodeToken } from "../../../src/joining/index.ts";
import { type Machines, machinesAt, tokenIn } from "./machines.ts";

const addresses = { first: "192.0.2.10", second: "192.0.2.11" };
const configFile = "/etc/kubespan/config.yaml";

/** Replaces a character in the middle. */
const mistyped = (token: string): string => {
  const middle = token.length >> 1;
  return `${token.slice(0, middle)}${token[middle] === "A" ? "B" : "A"}${token.slice(middle + 1)}`;
};

describe("two machines with systemd", () => {
  let machines: Machines;
  let printed = "";
  let token = "";

  beforeAll(async () => {
    machines = await machinesAt(addresses);
    printed = await machines.done("first", "kubespan init --discovery");
    token = tokenIn(printed);
  });
  afterAll(() => machines.remove());

  test("init says what it wrote and started, where others have to reach it, and what to do there", () => {
    for (const line of [
      `wrote ${configFile}`,
      "started kubespan-discovery.service, kubespan-barrier.service, kubespan.service",
      "TCP port 3000 of 192.0.2.10,\nand this node at UDP port 51820.",
      `  kubespan join\n${token}`,
      "names the discovery service of this node alone",
    ])
      expect(printed).toContain(line);
    expect(decodeToken(token).services).toEqual([{ url: "https://192.0.2.10:3000/", isOurs: true }]);
    expect(printed.split("\n").filter((line) => line.length > 80 && !line.startsWith("kubespan1."))).toEqual(
      [],
    );
  });

  test("what init wrote is valid, and what is secret is for root alone", async () => {
    await machines.done("first", `kubespan validate ${configFile}`);
    const modes = await machines.done("first", "stat -c '%a %n' /etc/kubespan/*");
    expect(modes.trim().split("\n")).toEqual([
      "600 /etc/kubespan/config.yaml",
      "600 /etc/kubespan/discovery-ca.key",
      "644 /etc/kubespan/discovery-ca.pem",
      "644 /etc/kubespan/discovery.env",
    ]);
  });

  test("a second init changes nothing, and says how to go on", async () => {
    const before = await machines.done("first", `sha256sum /etc/kubespan/*`);
    const { exitCode, all } = await machines.shell("first", "kubespan init --discovery");
    expect(exitCode).toBe(6);
    expect(all).toMatch(/has a configuration already[^]*kubespan token[^]*--force/);
    expect(await machines.done("first", `sha256sum /etc/kubespan/*`)).toBe(before);
  });

  test("token prints what init printed, and its QR code fits into a terminal", async () => {
    expect(await machines.done("first", "kubespan token")).toBe(token);
    const [line, ...code] = (await machines.done("first", "kubespan token --qr")).split("\n");
    expect(line).toBe(token);
    expect(code.length).toBeGreaterThan(20);
    expect(Math.max(...code.map((row) => row.length))).toBeLessThanOrEqual(80);
    expect(code.join("\n")).toMatch(/^[ ▀▄█\n]+$/);
  });

  test.each([
    ["a token on the command line", (it: string) => `kubespan join ${it}`, 2, "can be seen by every user"],
    ["a typing error", (it: string) => `echo ${mistyped(it)} | kubespan join`, 2, "typing error"],
    ["nothing at all", () => "kubespan join </dev/null", 2, "no token on standard input"],
    ["a file that is not there", () => "kubespan join --token-file /x", 2, "there is no file /x"],
    ["a token for workers", (it: string) => `echo ${it} | kubespan join --discovery`, 2, "token --discovery"],
    [
      "a token with another authority",
      (it: string) =>
        `echo ${encodeToken({ ...decodeToken(it), authority: Buffer.alloc(32) })} | kubespan join`,
      8,
      "of another authority",
    ],
    [
      "a service that is not there",
      (it: string) =>
        `echo ${encodeToken({ ...decodeToken(it), services: [{ url: "https://192.0.2.99:3000/", isOurs: true }] })} | kubespan join`,
      8,
      "192.0.2.99:3000 cannot be reached",
    ],
  ])("join refuses %s, and leaves nothing behind", async (_, script, code, reason) => {
    const { exitCode, all } = await machines.shell("second", script(token));
    expect(all).toContain(reason);
    expect(exitCode, all).toBe(code);
    expect(
      await machines.done("second", "ls -A /etc/kubespan /run/systemctl.log 2>/dev/null || true"),
    ).not.toContain("yaml");
    expect(all.replaceAll(token, "")).not.toContain(token.slice(20, 60));
  });

  test("join checks first, starts the service, and ends when all peers are up", async () => {
    const all = await machines.done("second", `echo ${token} | kubespan join --wait 300`);
    const said = [
      "the discovery services have the authority that the token names",
      "https://192.0.2.10:3000/ answers, and knows 1 node",
      "the clock is plausible",
      `wrote ${configFile}`,
      "started kubespan-barrier.service, kubespan.service",
      "1 of 1 peers up",
    ];
    expect(said.map((line) => all.indexOf(line)).toSorted((a, b) => a - b)).toEqual(
      said.map((line) => all.indexOf(line)),
    );
    for (const line of said) expect(all).toContain(line);
    expect(await machines.done("second", "kubespan status")).toContain("1 of 1 peers up");
    expect(
      await machines.done("second", "ping -c 1 -W 5 192.0.2.10; wg show kubespan transfer"),
    ).not.toContain("\t0\t");
    expect(await machines.done("second", "stat -c '%a' /etc/kubespan/config.yaml")).toBe("600");
  });

  test("no secret is ever in the arguments or the environment of a process that goes on", async () => {
    const { cluster } = decodeToken(token);
    for (const name of ["first", "second"]) {
      const seen = await machines.done(
        name,
        "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n'",
      );
      expect(seen).toContain("run");
      for (const secret of [token.slice(20, 60), cluster.secret.revealBase64()])
        expect(seen).not.toContain(secret);
    }
  });

  test("the token of the second node lets others join as that of the first does", async () => {
    expect(decodeToken(await machines.done("second", "kubespan token")).services).toEqual(
      decodeToken(token).services,
    );
    const { exitCode, all } = await machines.shell("second", "kubespan token --discovery");
    expect(exitCode, all).toBe(2);
    expect(all).toContain("has no key of the cluster's authority");
  });

  test("leave takes the mesh down and disables the services, but not the discovery service", async () => {
    const all = await machines.done("second", "kubespan leave; cat /run/systemctl.log; ip -br link");
    expect(all).toContain("remove the link kubespan");
    expect(all).toContain("disable kubespan.service kubespan-barrier.service");
    expect(all).not.toMatch(/^kubespan /m);
    const first = await machines.done("first", "kubespan leave");
    expect(first).toContain("The discovery service of this node goes on");
  });
});

describe("two machines without systemd", () => {
  let machines: Machines;

  beforeAll(async () => {
    machines = await machinesAt(addresses, { hasSystemd: false });
  });
  afterAll(() => machines.remove());

  /** Runs, and leaves running, the commands that were printed for that. */
  async function startPrinted(name: string, text: string): Promise<void> {
    const [, list = ""] = /Run, and keep running:\n\n((?: {2}kubespan .*\n)+)/.exec(text) ?? [];
    const commands = list.trim().split(/\n\s*/);
    for (const command of commands)
      await machines.done(
        name,
        `set -f; setsid ${command} >>/run/${command.split(" ")[1]}.log 2>&1 </dev/null &`,
      );
  }

  test("init and join print what to run, which is all that is needed", async () => {
    const printed = await machines.done("first", "kubespan init --discovery");
    await startPrinted("first", printed);
    await waitFor(
      async () => (await machines.shell("first", "grep -q listening /run/discovery.log")).exitCode === 0,
      { what: "the discovery service to listen" },
    );
    await machines.done("second", `cat >/run/token <<'END'\n${tokenIn(printed)}\nEND`);
    const joined = machines.shell("second", "kubespan join --token-file /run/token --wait 300");
    await waitFor(async () => (await machines.shell("second", `test -e ${configFile}`)).exitCode === 0, {
      what: "the configuration",
    });
    await machines.done("second", "setsid kubespan run >/run/run.log 2>&1 </dev/null &");
    const { exitCode, all } = await joined;
    expect(exitCode, all).toBe(0);
    expect(all).toMatch(
      /keep running:\n\n {2}kubespan run\n[^]*daemon does not answer yet[^]*1 of 1 peers up/,
    );
    expect(await machines.done("second", "kubespan leave")).toContain(
      "systemd has no service of kubespan here",
    );
  });

  test("a peer that does not come up is said so in time, with an exit code of its own", async () => {
    await machines.done("second", `rm -rf ${configFile} /var/lib/kubespan; nft add table inet cut`);
    await machines.done(
      "second",
      "nft add chain inet cut out '{ type filter hook output priority 0; }'; nft add rule inet cut out udp dport 51820 drop",
    );
    await machines.done(
      "second",
      "nft add chain inet cut in '{ type filter hook input priority 0; }'; nft add rule inet cut in udp dport 51820 drop",
    );
    const joined = machines.shell("second", "KUBESPAN_TOKEN=$(cat /run/token) kubespan join --wait 20");
    await waitFor(async () => (await machines.shell("second", `test -e ${configFile}`)).exitCode === 0, {
      what: "the configuration",
    });
    await machines.done("second", "setsid kubespan run >>/run/run.log 2>&1 </dev/null &");
    const { exitCode, all } = await joined;
    expect(exitCode, all).toBe(15);
    expect(all).toMatch(/not all peers were up within 20 s; see: kubespan status, kubespan doctor/);
  });
});
