// Three control planes with a discovery service each, of which any two die; a new node joins by the third.
//
//    one 192.0.2.10 ─┬─ two 192.0.2.11 ─┬─ three 192.0.2.12 ─┬─ late 192.0.2.13
//                    └──────────────── switch ───────────────┘
import { afterEach, expect, test } from "vitest";
import { waitFor } from "../../../lab/wait.ts";
import { decodeToken } from "../../../src/joining/index.ts";
import { type Machines, machinesAt, tokenIn } from "./machines.ts";

const controlPlanes = { one: "192.0.2.10", two: "192.0.2.11", three: "192.0.2.12" };
const names = Object.keys(controlPlanes) as (keyof typeof controlPlanes)[];
const urls = Object.values(controlPlanes).map((address) => `https://${address}:3000/`);

let machines: Machines | undefined;
afterEach(() => machines?.remove());

test.each(names)(
  "a node joins by %s alone, with a token that was printed when all were there",
  async (left) => {
    const all = await machinesAt({ ...controlPlanes, late: "192.0.2.13" });
    machines = all;
    await all.done("one", "kubespan init --discovery");
    const token = tokenIn(await all.done("one", "kubespan token --discovery"));
    const listening = (name: string): Promise<unknown> =>
      waitFor(async () => (await all.shell(name, "grep -q listening /run/discovery.log")).exitCode === 0, {
        what: `the discovery service of ${name}`,
        describe: () => all.done(name, "cat /run/discovery.log"),
      });
    await listening("one");
    for (const name of names.slice(1)) {
      await all.done(name, `echo ${token} | kubespan join --discovery --wait 300`);
      await listening(name);
    }
    // Each was told of the first alone by its token, and of the others by the others.
    const printed = await waitFor(
      async () => {
        const text = await all.done("one", "kubespan token");
        return decodeToken(text).services.length === urls.length && text;
      },
      { what: "a token that names all", describe: () => all.done("one", "kubespan status") },
    );
    expect(
      decodeToken(printed)
        .services.map(({ url }) => url)
        .toSorted(),
    ).toEqual(urls);
    expect(decodeToken(printed).authorityKey).toBeUndefined();
    // Everybody is announced at every service before the others die, which is what they are there for.
    await waitFor(
      async () => {
        const registries = JSON.parse(await all.done(left, "kubespan status -o json")).registries as {
          phase: string;
          affiliates: number;
        }[];
        return (
          registries.length === urls.length &&
          registries.every(({ phase, affiliates }) => phase === "connected" && affiliates === 2)
        );
      },
      { what: `${left} to be connected to all services`, describe: () => all.done(left, "kubespan status") },
    );
    for (const name of names) if (name !== left) await all.kill(name);
    const joined = await all.shell("late", `echo ${printed} | kubespan join --wait 0`);
    expect(joined.exitCode, joined.all).toBe(0);
    expect(joined.all).toContain(`https://${controlPlanes[left]}:3000/ answers`);
    await waitFor(async () => / up /.test(await all.done("late", "kubespan status")), {
      what: "the tunnel to the one that is left",
      describe: () => all.done("late", "kubespan status"),
    });
    expect(await all.done("late", `ping -c 1 -W 5 ${controlPlanes[left]}`)).toContain("1 received");
  },
);
