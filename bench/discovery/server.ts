import { join } from "node:path";
import { pino } from "pino";
import type { startDiscoveryServer as Start } from "../../src/discovery-server/effects/index.ts";

const unlimited = { perSecond: 1e9, burst: 1e9 };

const [bounds, tree = join(import.meta.dirname, "../..")] = process.argv.slice(2);
const { startDiscoveryServer } = (await import(join(tree, "src/discovery-server/effects/index.ts"))) as {
  startDiscoveryServer: typeof Start;
};

/**
 * The service as `kubespan discovery serve` runs it. With `unlimited` it has none of the limits that would keep
 * strangers from doing what a benchmark does. The second argument names another checkout.
 */
const server = await startDiscoveryServer({
  listen: { host: "127.0.0.1", port: 0 },
  log: pino({ level: "silent" }),
  ...(bounds === "unlimited" && {
    bounds: {
      rate: unlimited,
      addressRate: unlimited,
      connections: {
        total: 1e6,
        perAddress: 1e6,
        perAddressPerSecond: 1e6,
        perAddressBurst: 1e6,
        // All clients are one process, which may be slow where those of real nodes are not.
        firstRequestMs: 600_000,
        pingEveryMs: 600_000,
      },
      call: { requestMs: 600_000, stallMs: 600_000 },
      calls: {
        open: { total: 1e6, perHolder: 1e6 },
        unfinished: { total: 1e6, perHolder: 1e6 },
        rate: unlimited,
      },
      outlet: { unreadBytes: 1e12, unreadBytesPerAddress: 1e12, rate: { perSecond: 1e12, burst: 1e12 } },
      watchers: { perCluster: 1e6, total: 1e6, perHolder: 1e6 },
      holdings: { bytes: { total: 1e12, perHolder: 1e12 } },
    },
  }),
});
process.stdout.write(`${server.port}\n`);
process.once("SIGTERM", () => void server.stop());
