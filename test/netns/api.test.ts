import { readFileSync } from "node:fs";
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configFile, kubespan, type LabNode, waitFor } from "../../lab/index.ts";
import { followResources } from "../../src/api/effects/index.ts";
import type { Definition, Resource, WatchLine } from "../../src/api/index.ts";
import { openWorld, proxyPassword, type World } from "./api-world.ts";

let world: World;
let a: LabNode;
let c: LabNode;

beforeAll(async () => {
  world = await openWorld();
  ({ a, c } = world);
});

afterAll(() => world.close());

const stdoutOf = async (...args: [string, ...string[]]): Promise<string> => {
  const { exitCode, stdout, stderr } = await a.daemon.command(...args);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return stdout;
};

const socketFolder = (): string => a.namespace.path("/run/kubespan");

interface Answer {
  readonly code: number | undefined;
  readonly body: unknown;
}

const ask = (method: string, path: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request({ socketPath: `${socketFolder()}/kubespan.sock`, method, path }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        if (path.includes("watch")) response.destroy(); // its first line is enough
      });
      response.on("close", () =>
        resolve({ code: response.statusCode, body: JSON.parse(text.split("\n")[0] ?? "") }),
      );
    });
    sent.on("error", reject);
    sent.end();
  });

const definitions = async (): Promise<readonly Definition[]> =>
  (await ask("GET", "/v1/resources")).body as readonly Definition[];

describe("docs/api.md", () => {
  const text = readFileSync(new URL("../../docs/api.md", import.meta.url), "utf8");
  const routes = [...text.matchAll(/^\| `([A-Z]+) (\/v1\/\S+)` \|.*\| (?:`([^|]*)`|-) \|$/gm)].map(
    ([, method = "", path = "", fields = ""]) => ({
      method,
      path,
      fields: fields.split("`, `").filter(Boolean),
    }),
  );
  const names: Readonly<Record<string, string>> = {
    KIND: "members",
    ID: "b",
    ADDRESS: "10.244.2.7",
    LEVEL: "debug",
  };
  const filled = (path: string): string => path.replace(/[A-Z]{2,}/g, (name) => names[name] ?? name);
  const destructive = new Set([
    "POST /v1/down",
    "POST /v1/forget/NODE",
    "POST /v1/evict/STATEMENT",
    "POST /v1/rotate-key",
    "POST /v1/next-secret",
    "POST /v1/rotate-secret/STATEMENTS/SECONDS",
  ]);

  it("names the routes that there are, with the fields of their answers", async () => {
    expect(routes.length).toBeGreaterThan(8);
    for (const { method, path, fields } of routes) {
      if (destructive.has(`${method} ${path}`)) continue;
      const { code, body } = await ask(method, filled(path));
      expect({ path, code }).toEqual({ path, code: 200 });
      expect(Object.keys((Array.isArray(body) ? body[0] : body) as object)).toEqual(
        expect.arrayContaining(fields),
      );
    }
    expect((await ask("POST", "/v1/forget/nobody")).code).toBe(400);
    expect((await ask("POST", "/v1/evict/AAAA")).code).toBe(400);
    expect((await ask("POST", "/v1/next-secret")).code).toBe(400); // no operator is known here
    expect((await ask("POST", "/v1/rotate-secret/A.B.C/60")).code).toBe(400);
    expect((await ask("GET", "/v2/status")).code).toBe(404);
    await ask("PUT", "/v1/log-level/info");
  });

  it("names every kind with its columns, and no other", async () => {
    const rows = [...text.matchAll(/^\| `(\w+(?:\.\w+)+)` \| `([\w-]+)` \| (.*?) \| (.*?) \|$/gm)].map(
      ([, type, namespace, aliases, columns]) => ({ type, namespace, aliases, columns }),
    );
    const found = (await definitions()).map(({ type, namespace, aliases, columns }) => ({
      type,
      namespace,
      aliases: aliases.map((each) => `\`${each}\``).join(", "),
      columns: columns.map(({ name }) => name).join(", "),
    }));
    expect(rows).toEqual(found);
  });
});

describe("kubespan get", () => {
  it("prints every kind in every format, and no secret", async () => {
    const key = a.namespace.read("/run/state/identity.json");
    const secrets = [
      proxyPassword,
      world.cluster.secret,
      ...(/"privateKey":\s*"([^"]+)"/.exec(key)?.slice(1) ?? []),
    ];
    expect(secrets).toHaveLength(3);
    for (const { type, namespace, columns } of await definitions()) {
      const asked = [type, "-n", namespace] as const;
      const [head = ""] = (await stdoutOf("get", ...asked)).split("\n");
      expect(head.split(/ {3,}/)).toEqual([
        "ID",
        "VERSION",
        ...columns.map(({ name }) => name.toUpperCase()),
      ]);
      const items = JSON.parse(await stdoutOf("get", ...asked, "-o", "json")) as Resource[];
      expect(items.every(({ metadata }) => metadata.type === type)).toBe(true);
      const yaml = await stdoutOf("get", ...asked, "-o", "yaml");
      for (const secret of secrets) expect(`${JSON.stringify(items)}${yaml}`).not.toContain(secret);
    }
  });

  it.each([
    [
      "kubespanpeerstatuses",
      /^ID +VERSION +LABEL +ENDPOINT +STATE +RX +TX +WAY$/,
      /^\S{43}= +\d+ +b +203\.0\.113\.2:51820 +up +\d+ +\d+ +direct$/,
    ],
    ["kubespanpeerspecs", /^ID +VERSION +LABEL +ENDPOINTS$/, /^\S{43}= +\d+ +b +\["203\.0\.113\.2:51820"/],
    [
      "kubespanendpoints",
      /^ID +VERSION +ENDPOINT +AFFILIATE ID$/,
      /^\S{43}= +\d+ +203\.0\.113\.2:51820 +\w{43,52}$/,
    ],
    [
      "members",
      /^ID +VERSION +HOSTNAME +MACHINE TYPE +OS +ADDRESSES +STANDING$/,
      /^b +\d+ +b .*203\.0\.113\.2.* +present$/,
    ],
    [
      "affiliates",
      /^ID +VERSION +HOSTNAME +MACHINE TYPE +ADDRESSES$/,
      /^\w{43,52} +\d+ +b +unknown +\["203\.0\.113\.2"/,
    ],
    ["affiliates -n cluster-raw", /REGISTRY/, /^service-0\/\w{43,52} +\d+ +service-0 +b /],
    ["endpoints", /KIND +ROUND TRIP +IN USE +REASON$/, /203\.0\.113\.2:51820 +\S.* +true +\S/],
    ["targets", /PEERS$/, /^10\.244\.2\.0\/24 +\d+ +\["b"\]$/],
    ["rules", /TEXT$/, /^ipv4\/rule +\d+ +ipv4 +rule +priority 32500 fwmark 0x40\/0x60 lookup 180$/],
    ["events", /TEXT$/, /info +b is up, at 203\.0\.113\.2:51820$/],
  ])("%s has its columns, and b in a row", async (line, head, row) => {
    const [kind = "", ...more] = line.split(" ");
    const lines = (await stdoutOf("get", kind, ...more)).split("\n");
    expect(lines[0]).toMatch(head);
    expect(
      lines.filter((each) => row.test(each)),
      lines.join("\n"),
    ).not.toEqual([]);
  });

  it("gives one resource by its id or by the peer's name, and says what is not there", async () => {
    const one = JSON.parse(await stdoutOf("get", "peerspecs", "b", "-o", "json")) as Resource;
    expect(one.spec).toMatchObject({ label: "b" });
    expect(await stdoutOf("get", "peerspecs", one.metadata.id)).toContain(one.metadata.id);
    expect(await a.daemon.command("get", "peerspecs", "nobody")).toMatchObject({ exitCode: 2 });
    const { exitCode, stderr } = await a.daemon.command("get", "ksps");
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/KubeSpanPeerSpecs, KubeSpanPeerStatuses/);
  });

  it("inspect dependencies prints a graph of the kinds", async () => {
    const dot = await a.run(kubespan, "inspect", "dependencies", "--config", configFile);
    expect(dot).toMatch(/^digraph "dependencies" \{/);
    expect(dot).toContain(
      '"KubeSpanPeerSpecs.kubespan.talos.dev" -> "KubeSpanPeerStatuses.kubespan.talos.dev";',
    );
  });
});

describe("watchers", () => {
  it("many hear that a peer went, and none of them delays the daemon", async () => {
    const asked = Array.from({ length: 200 }, () =>
      followResources(socketFolder(), { kind: "peerstatuses" }),
    );
    const followed = await Promise.all(asked);
    const heard = followed.map(async ({ lines }) => {
      for await (const line of lines) if (isGone(line, "c")) return;
    });
    const printed = a.namespace.attempt(
      "timeout",
      "60",
      "sh",
      "-c",
      'kubespan=$1; shift; "$kubespan" get peerstatuses -w --config /run/kubespan.yaml | sed "/^-.* c /q"',
      "sh",
      kubespan,
    );
    await waitFor(async () => (await a.daemon.status()).peers.length === 2, { what: "both peers" });
    await c.daemon.command("down");
    await Promise.all(heard);
    const { stdout } = await printed;
    expect(stdout).toMatch(/^\* +ID +VERSION +LABEL/);
    expect(stdout).toMatch(/^\+ +\S+ +\d+ +c /m);
    expect(stdout).toMatch(/^- +\S+ +\d+ +c /m);
    expect((await a.daemon.status()).work).toEqual({ state: "working" });
  });
});

const isGone = (line: WatchLine, label: string): boolean =>
  line.event === "deleted" && line.resource.spec["label"] === label;

describe("kubespan log-level", () => {
  it("is changed while the daemon runs", async () => {
    expect(await stdoutOf("log-level")).toBe("info\n");
    expect(await stdoutOf("log-level", "debug")).toBe("debug (before: info)\n");
    expect(await a.daemon.command("log-level", "loud")).toMatchObject({ exitCode: 2 });
    expect(await stdoutOf("log-level", "info")).toBe("info (before: debug)\n");
  });
});
