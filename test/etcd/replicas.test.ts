import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { bound } from "../../lab/bound.ts";
import type { Registry } from "../../src/discovery/registry.ts";
import { idsOf, node, until } from "../unit/discovery/loopback.ts";
import { affiliateNamed, idOf } from "../unit/discovery/samples.ts";
import { Etcd } from "./etcd.ts";

/*
 *   nodes --- replica 1 --+
 *   nodes --- replica 2 --+-- etcd
 *   nodes --- replica 3 --+
 */
const main = join(import.meta.dirname, "../../src/main.ts");
let etcd: Etcd;

beforeAll(async () => {
  etcd = await Etcd.start();
});
afterAll(() => etcd.close());

interface Replica {
  readonly port: number;
  kill(): Promise<void>;
}

const launch = (args: readonly string[]) =>
  execa(...bound(process.execPath, main, "discovery", "serve", ...args), {
    reject: false,
    stdin: "ignore",
  });

async function replica(): Promise<Replica> {
  const running = launch(["--listen", "127.0.0.1:0", "--insecure", "--etcd", etcd.url]);
  let text = "";
  running.stderr.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  const kill = async (): Promise<void> => {
    running.kill("SIGKILL");
    await running;
  };
  onTestFinished(kill);
  const port = await until(() => {
    const found = /listening.*127\.0\.0\.1:(\d+)/.exec(text)?.[1];
    if (found === undefined) throw new Error(`not listening: ${text}`);
    return Number(found);
  });
  return { port, kill };
}

const endpointsOf = (registry: Registry, id: string): readonly string[] =>
  registry.told().affiliates.find(({ nodeId }) => nodeId === idOf(id))?.kubespan?.endpoints ?? [];

const names = (replicaName: string): string[] =>
  Array.from({ length: 12 }, (_, index) => `${replicaName}${index}`);

const say = (registries: readonly Registry[], name: string, round: number): void => {
  registries.forEach((registry, index) => {
    const own = affiliateNamed(`${name}${index}`, `198.51.100.${round}:51820`);
    registry.publish({ own, observed: new Map() });
  });
};
test("three replicas are one service, also while one of them is killed under load", async () => {
  const [one, two, three] = [await replica(), await replica(), await replica()];
  const atOne = names("one").map((name) => node(name, one.port));
  const atTwo = names("two").map((name) => node(name, two.port));
  const doomed = names("three").map((name) => node(name, three.port));
  const watcher = node("watcher", one.port, { publishes: false });
  const everyone = [...names("one"), ...names("two"), ...names("three")].sort();
  await until(() => expect(idsOf(watcher)).toEqual(everyone));

  // Everyone says something new at once, again and again, while a third of them lose their service.
  for (let round = 1; round <= 10; round++) {
    for (const [registries, name] of [
      [atOne, "one"],
      [atTwo, "two"],
      [doomed, "three"],
    ] as const)
      say(registries, name, round);
    if (round === 5) await three.kill();
    await until(() => expect(endpointsOf(watcher, "two0")).toContain(`198.51.100.${round}:51820`));
  }

  // Nothing that was said is lost, and nobody is: those of the dead replica are still known.
  const last = "198.51.100.10:51820";
  for (const registry of [watcher, ...atOne.slice(0, 2), ...atTwo.slice(0, 2)])
    await until(() => {
      const others = idsOf(registry).filter((id) => !id.startsWith("three"));
      expect(others.length).toBeGreaterThanOrEqual(23); // it does not hear of itself
      for (const name of others) expect(endpointsOf(registry, name)).toContain(last);
    });
  await until(() => expect(idsOf(watcher)).toEqual(everyone));

  // They come back to another replica, and one that starts anew knows all.
  names("three").map((name, index) => {
    void doomed[index]?.stop();
    return node(name, two.port);
  });
  const anew = await replica();
  const late = node("late", anew.port, { publishes: false });
  await until(() => expect(idsOf(late)).toEqual(everyone));
});

test("something else than URLs is refused", async () => {
  const { exitCode, stderr } = await launch(["--listen", "127.0.0.1:0", "--insecure", "--etcd", "nonsense"]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain("not a list of URLs");
});
