import { rmSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { KubernetesCluster } from "../../lab/cluster/index.ts";

/** The folder of the cluster that stands, which only root may enter. */
const folder = "/run/kubespan-cluster";
const socket = join(folder, "ways.sock");
export const kubeconfig = join(folder, "kubeconfig");

/** What is asked of the process whose cluster stands, and its answer. */
export interface Answer {
  readonly text: string;
  readonly isGood: boolean;
}

/** Lets `kubectl` of this machine reach the cluster, and `ways` ask for its ways, one after the other. */
export async function open(
  cluster: KubernetesCluster,
  answer: (format: string) => Promise<Answer>,
): Promise<() => void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
  const inside = await cluster.apiSocket();
  const way = createServer((outer) => {
    const inner = connect(inside);
    outer.on("error", () => inner.destroy()).on("close", () => inner.destroy());
    inner.on("error", () => outer.destroy()).on("close", () => outer.destroy());
    outer.pipe(inner).pipe(outer);
  });
  await listening(way, { host: "127.0.0.1", port: 0 });
  const { port } = way.address() as AddressInfo;
  await writeFile(kubeconfig, cluster.plane.kubeconfig("admin", `https://127.0.0.1:${port}`), {
    mode: 0o600,
  });
  let last: Promise<unknown> = Promise.resolve();
  const ways = createServer({ allowHalfOpen: true }, (asking) => {
    asking.on("error", () => undefined); // whoever asked has gone
    last = last
      .then(async () => asking.end(JSON.stringify(await answer(await text(asking)))))
      .catch((error: unknown) => asking.end(JSON.stringify({ text: `${String(error)}\n`, isGood: false })));
  });
  await listening(ways, { path: socket });
  // It works while this process is ending, so it awaits nothing.
  return () => rmSync(folder, { recursive: true, force: true });
}

const listening = (server: Server, where: { host: string; port: number } | { path: string }): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject).listen(where, resolve);
  });

/** Asks the cluster that stands for its ways; `undefined` if there is none. */
export async function askStanding(format: string): Promise<Answer | undefined> {
  const asking = connect(socket);
  const isThere = await new Promise<boolean>((resolve) => {
    asking.once("connect", () => resolve(true)).once("error", () => resolve(false));
  });
  if (!isThere) return undefined;
  asking.end(format);
  return JSON.parse(await text(asking)) as Answer;
}
