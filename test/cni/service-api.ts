/**
 * What kube-proxy asks of an API server, for a machine that is too slow for a real one: objects that never change. It serves, at
 * port 8001 of the loopback, the lists that are in a file of JSON: `{"/api/v1/services": {"kind": "ServiceList", ...}}`.
 */
import { readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { parseArgs } from "node:util";

interface List {
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}

const [file = ""] = parseArgs({ allowPositionals: true }).positionals;
const lists = new Map(Object.entries(JSON.parse(readFileSync(file, "utf8")) as Record<string, List>));

function answer(response: ServerResponse, code: number, content: unknown): void {
  response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(content));
}

createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://127.0.0.1");
  const list = lists.get(pathname);
  const [, folder = "", name] = /^(.*)\/([^/]+)$/.exec(pathname) ?? [];
  const one = lists.get(folder)?.items.find(({ metadata }) => metadata.name === name);
  if (list && searchParams.has("sendInitialEvents")) answer(response, 400, { kind: "Status", code: 400 });
  else if (list && searchParams.get("watch") !== null)
    response.writeHead(200, { "content-type": "application/json" }).flushHeaders(); // nothing ever happens
  else if (list) answer(response, 200, list);
  else if (one) answer(response, 200, one);
  else
    answer(response, 404, {
      kind: "Status",
      apiVersion: "v1",
      status: "Failure",
      reason: "NotFound",
      code: 404,
    });
}).listen(8001, "127.0.0.1");
