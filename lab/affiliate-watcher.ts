import { readFileSync } from "node:fs";
import { pino } from "pino";
import { Secret } from "../src/base/index.ts";
import { parseServiceURL } from "../src/config/index.ts";
import { createServiceRegistry } from "../src/discovery/effects/index.ts";
import type { Cluster } from "./config.ts";

/**
 * This process prints what a discovery service says, as one line of JSON for each message: the time and the affiliates.
 */
const [file = "", url = ""] = process.argv.slice(2);
const { id, secret } = JSON.parse(readFileSync(file, "utf8")) as Cluster;
const location = parseServiceURL(url);
if (!location) throw new Error(`not a URL: ${url}`);

const registry = createServiceRegistry({
  service: { name: "watched", ...location },
  cluster: { id, secret: Secret.fromBase64(secret) },
  nodeId: "watcher",
  clientVersion: "kubespan-lab",
  log: pino({ level: "silent" }),
});
registry.start(() => {
  const affiliates = registry.affiliates();
  process.stdout.write(`${JSON.stringify({ at: Date.now(), affiliates })}\n`);
});
