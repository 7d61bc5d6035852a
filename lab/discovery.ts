import { kubespan } from "./daemon.ts";
import type { LabNode } from "./node.ts";
import { Service } from "./service.ts";
import { waitFor } from "./wait.ts";

const port = 3000;

/** `kubespan discovery serve` on a node, in plaintext; start it, then hand out its URL. */
export class Discovery extends Service {
  readonly url: string;

  /** `address` is one of the node's own; IPv6 without brackets. */
  constructor(node: LabNode, address: string) {
    const host = address.includes(":") ? `[${address}]` : address;
    super(node.namespace, "discovery", [
      kubespan,
      "discovery",
      "serve",
      "--listen",
      `${host}:${port}`,
      "--insecure",
    ]);
    this.url = `http://${host}:${port}/`;
  }

  /** Resolves when it listens. */
  override async start(): Promise<void> {
    const before = await this.log().catch(() => ""); // there is none before the first start
    await super.start();
    await waitFor(async () => (await this.log()).slice(before.length).includes("listening"), {
      what: "the discovery service to listen",
      describe: () => this.log(),
    });
  }
}
