import { cp, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { bound } from "../../lab/bound.ts";
import { waitFor } from "../../lab/index.ts";

/** A real etcd on loopback, with its data in a folder of its own. It dies with us. */
export class Etcd {
  readonly url: string;
  readonly #peerUrl: string;
  readonly #folder: string;
  #process: ReturnType<typeof launch> | undefined;

  private constructor(folder: string, ports: readonly number[]) {
    this.#folder = folder;
    this.url = `http://127.0.0.1:${ports[0]}`;
    this.#peerUrl = `http://127.0.0.1:${ports[1]}`;
  }

  static async start(): Promise<Etcd> {
    const folder = await mkdtemp(join(tmpdir(), "kubespan-etcd-"));
    const etcd = new Etcd(folder, [await freePort(), await freePort()]);
    await etcd.start();
    return etcd;
  }

  async start(): Promise<void> {
    const urls = ["--listen-client-urls", this.url, "--advertise-client-urls", this.url];
    const peers = ["--listen-peer-urls", this.#peerUrl, "--initial-advertise-peer-urls", this.#peerUrl];
    const cluster = ["--initial-cluster", `default=${this.#peerUrl}`, "--data-dir", this.#folder];
    this.#process = launch([...urls, ...peers, ...cluster]);
    await waitFor(async () => (await fetch(`${this.url}/health`)).ok, { what: "etcd" });
  }

  /** With all that it has in memory only. */
  async kill(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.#process;
    this.#process = undefined;
  }

  /** Keeps a copy of its data, for which it is stopped for a moment. */
  async backUp(): Promise<void> {
    await this.kill();
    await cp(this.#folder, this.#backup, { recursive: true });
    await this.start();
  }

  /** Goes back to the copy. */
  async restore(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true });
    await cp(this.#backup, this.#folder, { recursive: true });
    await this.start();
  }

  get #backup(): string {
    return `${this.#folder}-backup`;
  }

  async close(): Promise<void> {
    await this.kill();
    await rm(this.#backup, { recursive: true, force: true });
    await rm(this.#folder, { recursive: true, force: true });
  }
}

const launch = (args: readonly string[]) =>
  execa(...bound("etcd", "--unsafe-no-fsync", "--log-level", "error", ...args), {
    reject: false,
    stdio: "ignore",
  });

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
