import { pino } from "pino";
import { startDiscoveryServer } from "../../src/discovery-server/effects/start.ts";

/** The service as `kubespan discovery serve` runs it, without the limits that keep strangers from doing what a bench does. */
const server = await startDiscoveryServer({
  listen: { host: "127.0.0.1", port: 0 },
  log: pino({ level: "silent" }),
  rate: { perSecond: 1e9, burst: 1e9 },
  addressRate: { perSecond: 1e9, burst: 1e9 },
  watchers: { perCluster: 1e6, total: 1e6 },
});
process.stdout.write(`${server.port}\n`);
process.once("SIGTERM", () => void server.stop());
