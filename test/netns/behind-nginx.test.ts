import { afterAll, beforeAll, expect, it } from "vitest";
import { LabAuthority } from "../../lab/certificates.ts";
import { Lab, type LabNode, newCluster, publicNetwork, waitFor } from "../../lab/index.ts";
import { debianWebServer } from "../../lab/programs/index.ts";
import { Service } from "../../lab/service.ts";
import { showPackages } from "../../lab/shown.ts";

/*
 * A discovery service behind nginx, which speaks TLS in its place and ends what was silent for a while, as it does after
 * a minute where nobody says otherwise.
 *
 *   a 203.0.113.1    b 203.0.113.2    nginx 203.0.113.10    discovery 203.0.113.9
 *   ===+================+================+=====================+=== internet
 */
let lab: Lab;
let a: LabNode;
let b: LabNode;
let front: LabNode;
let nginx: Service;

const folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
const configuration = `
daemon off;
user root;
pid /run/nginx.pid;
events {}
http {
  ${folders.map((name) => `${name}_temp_path /run/nginx-${name};`).join("\n  ")}
  log_format short '$request_uri $status';
  access_log /run/access.log short;
  server {
    listen 203.0.113.10:443 ssl http2;
    ssl_certificate /run/cert.pem;
    ssl_certificate_key /run/key.pem;
    location / {
      grpc_pass grpc://203.0.113.9:3000;
      grpc_set_header X-Real-IP $remote_addr;
      grpc_read_timeout 3s;
    }
  }
}
`;

beforeAll(async () => {
  lab = await Lab.open();
  const { host } = await publicNetwork(lab, { realIp: true });
  [a, b, front] = [await host("a", 1), await host("b", 2), await host("front", 10)];
  const authority = await LabAuthority.create();
  const [from, until] = [new Date(Date.now() - 86_400_000), new Date(Date.now() + 86_400_000)];
  const { cert, key } = await authority.issue("203.0.113.10", { from, until });
  await showPackages(front, await debianWebServer());
  await front.namespace.write("/run/cert.pem", cert);
  await front.namespace.write("/run/key.pem", key);
  await front.namespace.write("/run/nginx.conf", configuration);
  nginx = new Service(front.namespace, "nginx", ["nginx", "-e", "/run/error.log", "-c", "/run/nginx.conf"]);
  await startNginx();
  const options = {
    cluster: newCluster(),
    services: ["https://203.0.113.10/"],
    daemon: { serviceCAFiles: { "service-0": "/run/ca.pem" } },
  };
  for (const node of [a, b]) {
    await node.namespace.write("/run/ca.pem", authority.certificate);
    await node.start(options);
  }
});

afterAll(() => lab.close());

async function startNginx(): Promise<void> {
  await nginx.start();
  await waitFor(async () => (await front.run("ss", "-Hltn")).includes("203.0.113.10:443"), {
    what: "nginx",
    describe: () => nginx.log(),
  });
}

/** How many watches nginx has ended by now. */
const ended = async (): Promise<number> =>
  (await front.run("cat", "/run/access.log")).split("\n").filter((line) => line.includes("/Watch ")).length;

/** Waits until a has heard of an address that b has just got. */
async function hears(address: string): Promise<void> {
  await b.address("eth0", `${address}/24`);
  await a.daemon.waitForStatus(`b at ${address}`, ({ peers }) =>
    peers.some(({ allowedIPs }) => allowedIPs.some((each) => each === `${address}/32`)),
  );
}

const connected = (node: LabNode): Promise<unknown> =>
  node.daemon.waitForStatus("the registry", ({ registries }) => registries[0]?.phase === "connected");

it("nodes meet by it, and hear of what is new, and of their own addresses", async () => {
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  await a.daemon.waitForStatus("its own address", ({ registries }) =>
    registries.some(({ reflected }) => reflected === "203.0.113.1"),
  );
  await hears("203.0.113.50");
});

it("they go on to hear, however often it ends what was silent", async () => {
  const before = await ended();
  await waitFor(async () => (await ended()) - before >= 4, { what: "the ends of some watches" });
  await hears("203.0.113.60");
  expect((await a.daemon.status()).peers).toMatchObject([{ label: "b", state: "up" }]);
});

it("and after it was away", async () => {
  await nginx.stop();
  await b.daemon.waitForStatus("the loss", ({ registries }) => registries[0]?.phase !== "connected");
  await startNginx();
  await Promise.all([connected(a), connected(b)]);
  await hears("203.0.113.70");
});
