import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { Address } from "../../../src/net/index.ts";
import { askByUpnp } from "../../../src/port-mapping/effects/upnp.ts";

const loopback = "127.0.0.1" as Address;
const type = "urn:schemas-upnp-org:service:WANIPConnection:1";
const description = `<root><service><serviceType>${type}</serviceType><controlURL>/ctl</controlURL></service></root>`;

type React = (action: string, body: string) => readonly [status: number, xml: string];

interface Fake {
  readonly describe?: (response: ServerResponse) => void;
  readonly react?: React;
  readonly location?: (port: number) => string;
}

const response = (action: string, fields = ""): readonly [number, string] => [
  200,
  `<s:Body><u:${action}Response xmlns:u="${type}">${fields}</u:${action}Response></s:Body>`,
];
const fault = (code: number): readonly [number, string] => [500, `<errorCode>${code}</errorCode>`];
const outer = "<NewExternalIPAddress>203.0.113.1</NewExternalIPAddress>";

/** A router on loopback. Gives the port of its searches, and what it was asked. */
async function router({ describe, react = () => fault(501), location }: Fake) {
  const asked: string[] = [];
  const serve = async (request: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const action = /#(\w+)"/.exec(String(request.headers["soapaction"]))?.[1];
    if (action === undefined) {
      asked.push(`${request.method} ${request.url}`);
      if (describe) describe(answer);
      else answer.end(description);
      return;
    }
    const body = (await request.toArray()).join("");
    asked.push(`${action} ${/<NewExternalPort>(\d+)/.exec(body)?.[1] ?? ""}`.trim());
    const [status, xml] = action === "GetExternalIPAddress" ? response(action, outer) : react(action, body);
    answer.writeHead(status).end(xml);
  };
  const server = createServer((request, answer) => void serve(request, answer)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const at = location?.(port) ?? `http://127.0.0.1:${port}/root.xml`;
  socket.on("message", (_, from) =>
    socket.send(`HTTP/1.1 200 OK\r\nLOCATION: ${at}\r\n\r\n`, from.port, from.address),
  );
  onTestFinished(() => {
    socket.close();
    server.closeAllConnections();
    server.close();
  });
  return { asked, port, searchPort: socket.address().port };
}

const ask = ({ searchPort }: { readonly searchPort: number }, lifetimeSeconds = 3600) =>
  askByUpnp({
    gateway: loopback,
    own: loopback,
    searchPort,
    wish: { internalPort: 51_820, externalPort: 51_820, lifetimeSeconds },
    nonce: new Uint8Array(12).fill(1),
    signal: AbortSignal.timeout(60_000),
  });

test("a port that is somebody else's is not taken, and another one is asked for", async () => {
  const fake = await router({
    react: (action, body) => (body.includes(">51820</NewExternalPort>") ? fault(718) : response(action)),
  });
  expect(await ask(fake)).toEqual({
    kind: "mapped",
    port: 0xc0_00 + 0x01_01,
    address: "203.0.113.1",
    lifetimeSeconds: 3600,
  });
  expect(fake.asked).toEqual([
    "GET /root.xml",
    "GetExternalIPAddress",
    "AddPortMapping 51820",
    "AddPortMapping 49409",
  ]);
});

test.each([
  [718, "others have all the ports that were tried"],
  [725, "it gives only mappings that never end"],
  [999, "it answers with the error 999"],
])("the error %d is a refusal", async (code, why) => {
  const fake = await router({ react: () => fault(code) });
  expect(await ask(fake)).toEqual({ kind: "refused", why });
});

const entry = (client: string, port: number): string =>
  `<NewInternalClient>${client}</NewInternalClient><NewInternalPort>${port}</NewInternalPort>`;

test("only what leads to this node is ended", async () => {
  const fake = await router({
    react: (action, body) => {
      if (action !== "GetSpecificPortMappingEntry") return response(action);
      return body.includes(">51820</NewExternalPort>")
        ? response(action, entry("192.168.1.12", 51_820))
        : response(action, entry("127.0.0.1", 51_820));
    },
  });
  await ask(fake, 0);
  expect(fake.asked.filter((action) => action.startsWith("Delete"))).toEqual(["DeletePortMapping 49409"]);
});

test("a description elsewhere is not got", async () => {
  const other = await router({});
  const fake = await router({ location: () => `http://localhost:${other.port}/root.xml` });
  expect(await ask(fake)).toBeUndefined();
  expect([...fake.asked, ...other.asked]).toEqual([]);
});

test("a redirect is not followed", async () => {
  const other = await router({});
  const fake = await router({
    describe: (answer) =>
      void answer.writeHead(302, { location: `http://127.0.0.1:${other.port}/root.xml` }).end(description),
  });
  expect(await ask(fake)).toBeUndefined();
  expect(other.asked).toEqual([]);
});

test.each([
  ["is long", (answer: ServerResponse) => void answer.end(description.padEnd(70_000))],
  [
    "has a long head",
    (answer: ServerResponse) => void answer.writeHead(200, { x: "a".repeat(9_000) }).end(description),
  ],
  [
    "breaks off",
    (answer: ServerResponse) =>
      void answer.writeHead(200, { "content-length": 9_000 }).write(description, () => answer.destroy()),
  ],
  ["never ends", (answer: ServerResponse) => void answer.write(description)],
])("a description that %s is none", async (_, describe) => {
  const fake = await router({ describe });
  expect(await ask(fake)).toBeUndefined();
  expect(fake.asked).toEqual(["GET /root.xml"]);
});
