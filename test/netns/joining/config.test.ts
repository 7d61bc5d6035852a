// kubespan config, as it is typed, beside a daemon that runs.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { waitFor } from "../../../lab/wait.ts";
import { type Machines, machinesAt } from "./machines.ts";

const file = "/etc/kubespan/config.yaml";
const patchOf = (mtu: number): string =>
  `printf 'apiVersion: v1alpha1\\nkind: KubeSpanConfig\\nmtu: ${mtu}\\n'`;

describe("a daemon", () => {
  let machines: Machines;
  const run = (script: string): Promise<string> => machines.done("first", script);
  const node = async (): Promise<{ mtu: number; pid: number }> =>
    JSON.parse(await run("kubespan status -o json")).node;
  const mtu = async (): Promise<number> => (await node()).mtu;
  const edit = (expression: string) =>
    machines.shell("first", `EXPRESSION='${expression}' EDITOR=edit kubespan config edit </dev/null`);
  const mtuBecomes = (expected: number): Promise<unknown> =>
    waitFor(async () => (await mtu()) === expected, {
      what: `the MTU ${expected}`,
      describe: () => run("cat /run/daemon.log"),
    });
  const inFile = (): Promise<string> => run(`grep -E '^mtu|^# mtu' ${file}; stat -c %a ${file}`);

  beforeAll(async () => {
    machines = await machinesAt({ first: "192.0.2.10" });
    await run("kubespan init --discovery");
    await waitFor(async () => (await machines.shell("first", "kubespan status")).exitCode === 0, {
      what: "the daemon",
    });
  });
  afterAll(() => machines.remove());

  test("uses a patched configuration at once", async () => {
    expect(await run(`${patchOf(1400)} | kubespan config patch`)).toContain("the daemon uses it now");
    await mtuBecomes(1400);
    expect(await inFile()).toContain("mtu: 1400\n600");
  });

  test("goes back after a trial that nobody confirms, and the file never changed", async () => {
    await run("setsid ip monitor link >/run/links.log 2>&1 </dev/null &");
    await run(`${patchOf(1390)} >/run/patch; kubespan config patch /run/patch --mode try --timeout 5`);
    expect(await inFile()).toContain("mtu: 1400");
    await waitFor(
      async () => (await run("cat /run/links.log /run/daemon.log")).includes("nobody confirmed"),
      {
        what: "the end of the trial",
      },
    );
    expect(await run("cat /run/links.log")).toContain("mtu 1390");
    await mtuBecomes(1400);
    const { exitCode, all } = await machines.shell("first", "kubespan config confirm");
    expect(exitCode, all).toBe(2);
    expect(all).toContain("no configuration is being tried");
  });

  test("keeps what was confirmed", async () => {
    await run(`${patchOf(1380)} | kubespan config patch --mode try --timeout 600`);
    await mtuBecomes(1380);
    expect(await run("kubespan config confirm; ls /run/kubespan")).not.toContain("try");
    expect(await inFile()).toContain("mtu: 1380\n600");
    await run(`kill -HUP ${(await node()).pid}`);
    await mtuBecomes(1380);
  });

  test("that is killed during a trial begins with what was confirmed", async () => {
    await run(`${patchOf(1370)} | kubespan config patch --mode try --timeout 600`);
    await mtuBecomes(1370);
    await run(`kill -KILL ${(await node()).pid}; systemctl restart --no-block kubespan.service`);
    await waitFor(async () => (await machines.shell("first", "kubespan status")).exitCode === 0, {
      what: "the daemon",
    });
    await mtuBecomes(1380);
    expect(await run("ls /run/kubespan")).not.toContain("try");
  });

  test("is not touched by a configuration that is wrong, or that needs a restart", async () => {
    const before = await run(`sha256sum ${file}`);
    for (const [patch, reason] of [
      ["kind: KubeSpanConfig\\napiVersion: v1alpha1\\nmtux: 1\\n", "mtux is not known here"],
      [
        "kind: KubeSpanDaemonConfig\\napiVersion: v1alpha1\\ninterfaceName: other\\n",
        "cannot change while the daemon runs",
      ],
    ]) {
      const { exitCode, all } = await machines.shell("first", `printf '${patch}' | kubespan config patch`);
      expect(exitCode, all).toBe(3);
      expect(all).toContain(reason);
    }
    expect(await run(`sha256sum ${file}`)).toBe(before);
  });

  test("uses what an editor wrote, unless it is wrong or the same", async () => {
    await run(
      'printf \'#!/bin/sh\\nsed -i "$EXPRESSION" "$1"\\n\' >/run/programs/edit; chmod +x /run/programs/edit',
    );
    expect((await edit("s/^mtu: .*/mtu: 1360/")).all).toContain("the daemon uses it now");
    await mtuBecomes(1360);
    const wrong = await edit("s/^mtu: .*/mtu: wide/");
    expect(wrong.exitCode, wrong.all).toBe(3);
    expect((await edit("s/x/x/")).all).toContain("nothing was changed");
    expect(await inFile()).toContain("mtu: 1360\n600");
    expect(await run("ls /tmp")).not.toContain("kubespan-edit-");
  });

  test("need not run for a change that is only stored", async () => {
    await run("kubespan down >/dev/null");
    const tried = await machines.shell("first", `${patchOf(1350)} | kubespan config patch --mode try`);
    expect(tried.exitCode, tried.all).toBe(9);
    expect(await run(`${patchOf(1350)} | kubespan config patch`)).toContain(`wrote ${file}\n`.trim());
    expect(await inFile()).toContain("mtu: 1350\n600");
    expect(await run("kubespan config schema")).toContain(
      '"$schema": "https://json-schema.org/draft/2020-12/schema"',
    );
  });
});
