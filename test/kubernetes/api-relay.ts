import { rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { bound } from "../../lab/bound.ts";
import type { LabNode } from "../../lab/index.ts";
import { Service } from "../../lab/service.ts";
import { type ApiServer, relayAddress } from "./api-server.ts";

const program = join(import.meta.dirname, "../../lab/relay.ts");
const port = 6443;

/**
 * The API server, which listens on the host's loopback, as the nodes of a lab reach it: on the one of them that has
 * `relayAddress`. A Unix socket leads from that node's namespace to the host's.
 */
export class ApiRelay {
  readonly #outside: ReturnType<typeof launch>;
  readonly #inside: Service;
  readonly #socket: string;
  /** `kubernetes` of a daemon's configuration. */
  readonly configuration: { readonly enabled: true; readonly kubeconfig: string };

  private constructor(
    socket: string,
    outside: ReturnType<typeof launch>,
    inside: Service,
    kubeconfig: string,
  ) {
    this.#socket = socket;
    this.#outside = outside;
    this.#inside = inside;
    this.configuration = { enabled: true, kubeconfig };
  }

  static async open(api: ApiServer, hub: LabNode): Promise<ApiRelay> {
    const socket = api.file("relay.sock");
    const outside = launch(socket, `127.0.0.1:${api.port}`);
    const argv = [process.execPath, program, `${relayAddress}:${port}`, socket];
    const kubeconfig = await api.kubeconfig(`${relayAddress}:${port}`);
    const relay = new ApiRelay(socket, outside, new Service(hub.namespace, "relay", argv), kubeconfig);
    await relay.start();
    return relay;
  }

  /** Again, after `kill`. */
  start(): Promise<void> {
    return this.#inside.start();
  }

  /** The nodes reach the API no more. */
  async kill(): Promise<void> {
    await this.#inside.stop("SIGKILL");
  }

  /** What is left when the lab, and the process on its node with it, is gone. */
  async close(): Promise<void> {
    this.#outside.kill("SIGKILL");
    await this.#outside;
    await rm(this.#socket, { force: true });
  }
}

const launch = (from: string, to: string) =>
  execa(...bound(process.execPath, program, from, to), { reject: false });
