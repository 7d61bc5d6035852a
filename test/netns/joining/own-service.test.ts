// A node that begins a mesh, whose discovery service takes its time.
//
//    first 192.0.2.10 ── switch
import { afterEach, beforeEach, expect, test } from "vitest";
import { waitFor } from "../../../lab/wait.ts";
import { type Machines, machinesAt, tokenIn } from "./machines.ts";

let machines: Machines;
beforeEach(async () => {
  machines = await machinesAt({ first: "192.0.2.10" });
  await machines.done("first", "touch /run/held");
});
afterEach(() => machines.remove());

test("init says what it waits for, and ends when its discovery service answers", async () => {
  let isOver = false;
  const beginning = machines
    .shell("first", "kubespan init --discovery --wait 600 >/run/init.log 2>&1")
    .finally(() => {
      isOver = true;
    });
  const log = (): Promise<string> => machines.done("first", "cat /run/init.log 2>/dev/null || true");
  await waitFor(async () => isOver || (await log()).includes("not yet: "), {
    what: "init to tell that it waits",
    describe: log,
  });
  expect(isOver, await log()).toBe(false);
  expect(await log()).not.toContain("kubespan1.");
  await machines.done("first", "rm /run/held");
  const { exitCode } = await beginning;
  const printed = await log();
  expect(exitCode, printed).toBe(0);
  expect(printed).toMatch(/waiting for the discovery service[^]*ECONNREFUSED[^]*answers at TCP port 3000/);
  // Whatever follows finds it.
  const token = tokenIn(printed);
  const joined = await machines.shell(
    "first",
    `echo ${token} | kubespan join --config /run/x.yaml --no-start`,
  );
  expect(joined.exitCode, joined.all).toBe(0);
});

test("init that waits in vain says why and what to do, and the files are there", async () => {
  const other = "require('net').createServer((it) => it.end()).listen(3000, () => console.log('listening'))";
  await machines.done("first", `setsid node -e "${other}" >/run/other.log 2>&1 </dev/null &`);
  await waitFor(async () => (await machines.done("first", "cat /run/other.log")) !== "", {
    what: "the other program to have the port",
  });
  const { exitCode, all } = await machines.shell("first", "kubespan init --discovery --wait 1");
  expect(exitCode, all).toBe(8);
  expect(all).toMatch(/did not answer within 1 s: [^]*journalctl -u kubespan-discovery[^]*kubespan token/);
  await machines.done("first", "kubespan validate /etc/kubespan/config.yaml; kubespan token");
});
