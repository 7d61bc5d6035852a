import { fileURLToPath } from "node:url";
import type { LabNode } from "./node.ts";
import { Service } from "./service.ts";
import { waitFor } from "./wait.ts";

const program = fileURLToPath(new URL("proxy-process.ts", import.meta.url));
const port = 3128;

/** An HTTP proxy at an address of a node, for what leads out of a network by TCP alone. */
export class ConnectProxy extends Service {
  readonly url: string;

  constructor(node: LabNode, address: string) {
    super(node.namespace, "proxy", [process.execPath, program, address, String(port)]);
    this.url = `http://${address}:${port}`;
  }

  /** Resolves when the proxy listens. */
  override async start(): Promise<void> {
    await super.start();
    await waitFor(async () => (await this.log()).includes("listening"), {
      what: "the proxy",
      describe: () => this.log(),
    });
  }
}
