import { setTimeout as delay } from "node:timers/promises";
import { Attacker, largeUpdate, ofCluster, paths } from "../../lab/discovery-attacker.ts";

/**
 * Attacks a discovery service from one address until the process is ended: `attack.ts PORT ADDRESS NAME`. It prints a
 * line once the attack is under way.
 */
const [port = "", address = "", name = ""] = process.argv.slice(2);

const attackers = (count: number, window?: number): Promise<Attacker[]> =>
  Promise.all(Array.from({ length: count }, () => Attacker.connect(Number(port), address, window)));

/** Makes a cluster of the largest possible size. */
async function fill(cluster: string): Promise<void> {
  const writers = await attackers(20);
  await Promise.all(
    writers.flatMap((writer, from) =>
      Array.from({ length: 52 }, (_, index) => writers.length * index + from)
        .filter((index) => index < 1024)
        .map((index) => writer.ask(paths.update, largeUpdate(cluster, `${index}`))),
    ),
  );
  for (const { session } of writers) session.destroy();
}

/** Repeats the work whenever it was cut, as fast as the limits of one address allow. */
async function again(
  count: number,
  window: number | undefined,
  act: (attacker: Attacker) => void,
): Promise<never> {
  let crowd = await attackers(count, window);
  for (;;) {
    crowd.forEach(act);
    await delay(250);
    const left = crowd.filter(({ isCut }) => !isCut);
    crowd = [...left, ...(await attackers(count - left.length, window))];
  }
}

const repeat = (times: number, act: () => unknown): void => {
  for (let index = 0; index < times; index++) act();
};

const attacks: Readonly<Record<string, () => Promise<unknown>>> = {
  "asks for the largest cluster": async () => {
    await fill("large");
    await again(4, undefined, (each) => repeat(4, () => void each.ask(paths.list, ofCluster("large"))));
  },
  "reads no answer": async () => {
    await fill("large");
    await again(16, 0, (each) => repeat(4, () => void each.open(paths.list, ofCluster("large"))));
  },
  "takes all watchers": () =>
    again(256, undefined, (each) => repeat(1, () => void each.open(paths.watch, ofCluster("another")))),
  "fills the store": () => {
    let index = 0;
    return again(20, undefined, (each) =>
      repeat(4, () => void each.ask(paths.update, largeUpdate(`cluster ${index++ % 4000}`, `${index}`))),
    );
  },
  "opens requests without a message": () =>
    again(200, undefined, (each) => repeat(8, () => void each.open(paths.update))),
  "connects anew all the time": async () => {
    for (;;) for (const { session } of await attackers(50)) session.destroy();
  },
};

const attack = attacks[name];
if (!attack) throw new Error(`no attack ${name}: ${Object.keys(attacks).join(", ")}`);
process.stdout.write("under way\n");
await attack();
