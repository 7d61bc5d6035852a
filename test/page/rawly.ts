import { serveMonitoring } from "../../src/metrics/effects/index.ts";
import { Page } from "../../src/page/effects/index.ts";
import type { Served } from "./browser.ts";
import type { Given } from "./made-up.ts";

/** Serves the page with a stream that has nothing of what the daemon does with foreign text: neither bounds nor marks. */
export async function rawly({ status, events }: Given): Promise<Pick<Served, "url" | "close">> {
  const folder = new URL("../../dist/page", import.meta.url).pathname;
  const page = new Page({ look: async () => {}, see: () => ({ status, events }), folder });
  const { pages } = page;
  const news = {
    begins: true,
    node: { name: status.node.hostname, address: "::", interfaceName: "kubespan", work: "working" },
    peers: {
      rows: status.peers.map(({ nodeId, label, state, trouble }) => ({
        id: nodeId,
        name: label,
        state,
        way: "relayed",
        via: label,
        address: label,
        site: label,
        since: 0,
        receivedBytes: 1,
        sentBytes: 1,
        ...(trouble !== undefined && { trouble }),
      })),
    },
    warnings: { rows: status.warnings.map((each, index) => ({ id: String(index), ...each })) },
    events: { rows: events.map(({ number, ...each }) => ({ id: String(number), ...each, at: 0 })) },
  };
  const server = await serveMonitoring(
    { host: "127.0.0.1", port: 0 },
    {
      ...pages,
      "/page/live": () => (response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(`data: ${JSON.stringify(news)}\n\n`);
      },
    },
  );
  return { url: `http://127.0.0.1:${server.port}/`, close: () => server.close() };
}
