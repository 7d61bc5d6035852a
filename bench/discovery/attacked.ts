import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { bound } from "../../lab/bound.ts";
import { waitFor } from "../../lab/index.ts";
import { percentile, type Row } from "../report.ts";
import { MeasuredService } from "./measured-service.ts";
import { Crowd } from "./watchers.ts";

export const attackNames = [
  "asks for the largest cluster",
  "reads no answer",
  "takes all watchers",
  "fills the store",
  "opens requests without a message",
  "connects anew all the time",
] as const;

const watchers = 100;
/** The interval at which a node announces something new that all watchers of its cluster should see. */
const everyMs = 250;

interface Measured {
  readonly latencies: readonly number[];
  readonly cpuPercent: number;
}

/**
 * Measures how long honest nodes wait for an announcement of one of them, before and while one client attacks the
 * service with its default bounds. The honest nodes come from another address.
 */
export async function measureAttack(attack: string, seconds: number): Promise<Row> {
  const service = await MeasuredService.start("default");
  let latencies: number[] = [];
  const crowd = new Crowd(service.port, 1, (latency) => latencies.push(latency));
  const measure = async (): Promise<Measured> => {
    latencies = [];
    const [cpu, since] = [service.cpu(), performance.now()];
    const rounds = Math.round((seconds * 1000) / everyMs);
    for (let round = 0; round < rounds; round++) await Promise.all([crowd.update("honest"), delay(everyMs)]);
    await waitFor(() => crowd.ready === watchers && latencies.length >= rounds * watchers, {
      what: `all deliveries while somebody ${attack}`,
      seconds: 120,
    });
    const took = (performance.now() - since) / 1000;
    return { latencies, cpuPercent: ((service.cpu() - cpu) / took) * 100 };
  };
  try {
    await crowd.update("honest");
    for (let index = 0; index < watchers; index++) crowd.watch("honest", index);
    await waitFor(() => crowd.ready === watchers, { what: "all snapshots", seconds: 120 });
    const quiet = await measure();
    const attacker = await startAttack(service.port, attack);
    try {
      await delay(3_000); // the attack gets under way meanwhile
      const attacked = await measure();
      const [p99, quietP99] = [percentile(attacked.latencies, 0.99), percentile(quiet.latencies, 0.99)];
      return {
        "one client": attack,
        "honest p50 ms": round1(percentile(attacked.latencies, 0.5)),
        "honest p99 ms": round1(p99),
        "quiet p99 ms": round1(quietP99),
        "p99 / quiet": round1(p99 / quietP99),
        "p99 / 1 s": Math.round(p99) / 1000,
        "CPU %": round1(attacked.cpuPercent),
        "RSS MiB": Math.round(service.memory() / 1024),
      };
    } finally {
      attacker.kill("SIGKILL");
      await once(attacker, "exit");
    }
  } finally {
    crowd.close();
    await service.stop();
  }
}

async function startAttack(port: number, name: string): Promise<ReturnType<typeof spawn>> {
  const script = join(import.meta.dirname, "attack.ts");
  const [command, args] = bound(process.execPath, script, String(port), "127.0.0.66", name);
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  if (child.stdout) await once(child.stdout, "data");
  return child;
}

const round1 = (value: number): number => Math.round(value * 10) / 10;
