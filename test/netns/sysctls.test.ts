import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { observeLinks, observeSysctls } from "../../src/routing/effects/observe.ts";
import { readSavedSysctls, writeSavedSysctls } from "../../src/routing/effects/saved-sysctls.ts";
import { type DesiredSysctls, planSysctls } from "../../src/routing/index.ts";
import type { Runner } from "../../src/system/run.ts";
import { apply, failing, makeNamespace, type Namespace } from "./namespace.ts";

const all = { ipv4: true, ipv6: true };
const none = { ipv4: false, ipv6: false };
const wanted = (forwarding: DesiredSysctls["forwarding"]): DesiredSysctls => ({
  interfaceName: "kubespan",
  forwarding,
});

let namespace: Namespace;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kubespan-test-"));
  namespace = await makeNamespace("sysctl");
  for (const pair of [
    "eth0.100 type veth peer name far0",
    "eth1 type veth peer name vetha",
    "kubespan type veth peer name vethb",
  ])
    await namespace.sh(`ip link add ${pair}`);
});
afterEach(async () => {
  await namespace?.remove();
  await rm(folder, { recursive: true, force: true });
});

const get = (key: string): Promise<string> => namespace.sh(`sysctl -n ${key}`);
const set = (assignment: string): Promise<string> => namespace.sh(`sysctl -q -w ${assignment}`);

const plan = async (desired: DesiredSysctls | undefined) =>
  planSysctls(
    desired,
    await observeSysctls("kubespan", await observeLinks(namespace.run), namespace.read),
    await readSavedSysctls(folder),
  );

/** One pass, as the daemon makes it. */
async function pass(desired: DesiredSysctls | undefined, runner: Runner = namespace.run): Promise<void> {
  const { steps, saveBefore, saveAfter } = await plan(desired);
  if (saveBefore) await writeSavedSysctls(folder, saveBefore);
  await apply(runner, steps);
  if (saveAfter) await writeSavedSysctls(folder, saveAfter);
}

async function converge(desired: DesiredSysctls | undefined): Promise<void> {
  await pass(desired);
  expect(await plan(desired)).toEqual({ steps: [], left: [], saveBefore: undefined, saveAfter: undefined });
}

const everything = (): Promise<string> =>
  namespace.sh("sysctl -a -r net\\.ipv[46]\\.(ip_forward|conf\\..*\\.(forwarding|accept_ra)$)");

describe("forwarding", () => {
  test("is switched on for the families that are wanted, and the host goes on hearing router advertisements", async () => {
    await set("net/ipv6/conf/eth1/accept_ra=0");
    await converge(wanted({ ipv4: false, ipv6: true }));
    expect(await get("net/ipv4/ip_forward")).toBe("0");
    expect(await get("net/ipv6/conf/all/forwarding")).toBe("1");
    expect(await get("net/ipv6/conf/eth0.100/accept_ra")).toBe("2");
    expect(await get("net/ipv6/conf/eth1/accept_ra")).toBe("0");
    expect(await get("net/ipv6/conf/vetha/accept_ra")).toBe("1"); // pods must not steer the host
    await namespace.sh("ip link add eth2 type veth peer name vethc");
    await converge(wanted({ ipv4: false, ipv6: true }));
    expect(await get("net/ipv6/conf/eth2/accept_ra")).toBe("2");
    expect((await stat(join(folder, "sysctls.json"))).mode & 0o777).toBe(0o600);
  });

  test("is restored, with the links that forwarded before", async () => {
    await set("net/ipv4/conf/eth1/forwarding=1");
    await set("net/ipv6/conf/eth1/forwarding=1");
    const before = await everything();
    await converge(wanted(all));
    expect(await everything()).not.toBe(before);
    await converge(undefined);
    expect(await everything()).toBe(before);
    expect(await readdir(folder)).toEqual([]);
  });

  test("is restored for a family that is no longer wanted", async () => {
    await converge(wanted(all));
    await converge(wanted({ ipv4: true, ipv6: false }));
    expect(await get("net/ipv6/conf/all/forwarding")).toBe("0");
    expect(await get("net/ipv6/conf/eth0.100/accept_ra")).toBe("1");
    expect(await get("net/ipv4/ip_forward")).toBe("1");
    await converge(wanted(none));
    expect(await get("net/ipv4/ip_forward")).toBe("0");
  });

  test("that was on before us stays on, and nothing else is touched", async () => {
    await set("net/ipv4/ip_forward=1");
    await set("net/ipv6/conf/all/forwarding=1");
    const before = await everything();
    await converge(wanted(all));
    await converge(undefined);
    expect(await everything()).toBe(before);
  });

  test("that somebody else changed since is left to them", async () => {
    await converge(wanted(all));
    await set("net/ipv6/conf/eth0.100/accept_ra=0");
    await set("net/ipv4/ip_forward=0");
    await converge(undefined);
    expect(await get("net/ipv6/conf/eth0.100/accept_ra")).toBe("0");
  });

  test("that somebody else switched off comes back while it is wanted", async () => {
    const before = await everything();
    await converge(wanted(all));
    await set("net/ipv4/ip_forward=0");
    await converge(wanted(all));
    expect(await get("net/ipv4/ip_forward")).toBe("1");
    await converge(undefined);
    expect(await everything()).toBe(before);
  });
});

test.each([false, true])(
  "originals survive a command that fails (after its work: %s)",
  async (afterwards) => {
    await set("net/ipv6/conf/eth1/forwarding=1");
    const before = await everything();
    for (const at of [1, 2]) {
      await set("net/ipv4/conf/kubespan/rp_filter=1");
      await expect(pass(wanted(all), failing(namespace.run, at, afterwards))).rejects.toThrow("out of order");
      await converge(wanted(all));
      await expect(pass(undefined, failing(namespace.run, 1, afterwards))).rejects.toThrow("out of order");
      await converge(undefined);
      expect(await everything()).toBe(before);
    }
  },
);

test("a link that vanishes at the wrong moment does not keep the rest from being done", async () => {
  const { steps } = await plan(wanted(all));
  await namespace.sh("ip link del eth0.100");
  await expect(apply(namespace.run, steps)).rejects.toThrow("eth0");
  expect(await get("net/ipv6/conf/all/forwarding")).toBe("1");
  expect(await get("net/ipv6/conf/eth1/accept_ra")).toBe("2");
});

test("the link takes replies that left another way, and carries IPv6 where new links do not", async () => {
  await set("net/ipv4/conf/all/rp_filter=1");
  await set("net/ipv6/conf/default/disable_ipv6=1");
  await namespace.sh("ip link del kubespan");
  const { steps } = await plan(wanted(none));
  await namespace.sh("ip link add kubespan type veth peer name vethb");
  expect(await get("net/ipv6/conf/kubespan/disable_ipv6")).toBe("1");
  await apply(namespace.run, steps);
  expect(await get("net/ipv4/conf/kubespan/rp_filter")).toBe("2");
  expect(await get("net/ipv6/conf/kubespan/disable_ipv6")).toBe("0");
  await converge(wanted(none));
});
