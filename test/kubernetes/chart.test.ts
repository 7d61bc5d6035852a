import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AppsV1Api,
  CoreV1Api,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
  type V1Secret,
} from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { attempt, output } from "../../lab/command.ts";
import { waitFor } from "../../lab/index.ts";
import { helm, kubernetes } from "../../lab/programs/index.ts";
import { loadConfig } from "../../src/config/effects/index.ts";
import { ApiServer } from "./api-server.ts";

const root = join(import.meta.dirname, "../..");
const chart = join(root, "deploy/helm/kubespan");
const manifests = join(root, "deploy/kubernetes/kubespan.yaml");
const namespace = "mesh";
const discovery = (mode: string): string[] => [
  "--set",
  `discovery.mode=${mode},discovery.endpoint=https://192.0.2.1:3000/`,
];

let server: ApiServer;
let program: string;
let folder: string;
let admin: string[];

beforeAll(async () => {
  [server, program] = await Promise.all([ApiServer.start(), helm()]);
  folder = await mkdtemp(join(tmpdir(), "kubespan-chart-"));
  const file = await server.kubeconfig(undefined, "admin.kubeconfig");
  const config = JSON.parse(await readFile(file, "utf8")) as object;
  await writeFile(file, JSON.stringify({ ...config, users: [{ name: "user", user: { token: "admin" } }] }));
  admin = ["--kubeconfig", file, "--namespace", namespace];
  const core = await server.admin(CoreV1Api);
  await core.createNamespace({ body: { metadata: { name: namespace } } });
  await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: "default" } } });
});
afterAll(async () => {
  await server?.close();
  if (folder) await rm(folder, { recursive: true });
});

/** Helm reads and writes nothing of the user's own. */
const run = (...args: string[]): Promise<string> =>
  output(["env", `HELM_CACHE_HOME=${folder}`, `HELM_CONFIG_HOME=${folder}`, program, ...args]);

const upgrade = (...args: string[]): Promise<string> =>
  run("upgrade", "--install", "kubespan", chart, ...admin, ...args);

const secret = async (name: string): Promise<V1Secret> =>
  (await server.admin(CoreV1Api)).readNamespacedSecret({ name, namespace });

const textIn = ({ data }: V1Secret, key: string): string =>
  Buffer.from(data?.[key] ?? "", "base64").toString();

/** What the pod's first container does, with its own commands. */
async function loadsWithName(name: string, identity: V1Secret): Promise<void> {
  const apps = await server.admin(AppsV1Api);
  const { spec } = await apps.readNamespacedDaemonSet({ name: "kubespan", namespace });
  const [shell = "", options = "", script = ""] = spec?.template.spec?.initContainers?.[0]?.command ?? [];
  await server.write("identity/identity.yaml", textIn(identity, "identity.yaml"));
  await server.write("settings/settings.yaml", textIn(await secret("kubespan-settings"), "settings.yaml"));
  const file = server.file("config.yaml");
  const here = script.replace("/sources", server.file(".")).replace("/etc/kubespan/config.yaml", file);
  await output(["env", `NODE_NAME=${name}`, shell, options, here]);
  await server.write("ca.crt", textIn(await secret("kubespan-discovery-tls"), "ca.crt"));
  const text = (await readFile(file, "utf8")).replace(
    "/etc/kubespan/discovery/ca.crt",
    server.file("ca.crt"),
  );
  await writeFile(file, text);
  const { config, warnings } = await loadConfig(file);
  expect(warnings).toEqual([]);
  expect(config).toMatchObject({ node: { name }, kubernetes: {}, enabled: true, mtu: 1300 });
}

/** A client with the token of a pod on a node, as a kubelet gets it. */
async function clientOn(node: string): Promise<CoreV1Api> {
  const core = await server.admin(CoreV1Api);
  const name = `kubespan-on-${node}`;
  const containers = [{ name: "kubespan", image: "kubespan" }];
  const pod = await core.createNamespacedPod({
    namespace,
    body: { metadata: { name }, spec: { nodeName: node, serviceAccountName: "kubespan", containers } },
  });
  const boundObjectRef = { kind: "Pod", apiVersion: "v1", name, uid: pod.metadata?.uid ?? "" };
  const { status } = await core.createNamespacedServiceAccountToken({
    namespace,
    name: "kubespan",
    body: { spec: { audiences: ["https://kubernetes.default.svc"], boundObjectRef } },
  });
  return clientWith(status?.token ?? "");
}

async function clientWith(token: string): Promise<CoreV1Api> {
  const config = new KubeConfig();
  config.loadFromFile(server.file("admin.kubeconfig"));
  config.users = [{ name: "user", token }];
  return config.makeApiClient(CoreV1Api);
}

const annotated = (name: string, value: string | null = "fd00::1") => ({
  metadata: { annotations: { [name]: value } },
});

describe("the chart", () => {
  test.each([["none"], ["deployment"], ["controlPlane"]])(
    "has nothing to find fault with: %s",
    async (mode) => {
      const settings = mode === "none" ? [] : discovery(mode);
      expect(await run("lint", "--strict", chart, ...settings)).toContain("0 chart(s) failed");
      const rendered = await run("template", "kubespan", chart, ...settings);
      for (const document of parseAllDocuments(rendered)) expect(document.errors).toEqual([]);
    },
  );

  test.each([
    ["a setting that there is not", ["--set", "tolerance=none"], "tolerance"],
    [
      "a discovery service that nobody can find",
      ["--set", "discovery.mode=deployment"],
      "/discovery/endpoint",
    ],
    ["a folder that the chart mounts", ["--set", "daemon.stateDirectory=/tmp"], "/daemon"],
  ])("refuses %s", async (_, settings, named) => {
    const { exitCode, stderr } = await attempt([program, "template", "kubespan", chart, ...settings]);
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain(named);
  });

  test("has a ServiceMonitor and the dashboard for those who ask for them", async () => {
    const rendered = await run(
      "template",
      "kubespan",
      chart,
      "--set=metrics.serviceMonitor.enabled=true,metrics.serviceMonitor.labels.release=prometheus",
      "--set=metrics.dashboard.enabled=true,daemon.metrics.page=true",
    );
    type Labels = Record<string, string>;
    const found = parseAllDocuments(rendered).map(
      (document) =>
        document.toJS() as {
          kind: string;
          metadata: { name: string; labels?: Labels };
          spec: {
            selector: Labels & { matchLabels: Labels };
            ports: unknown[];
            endpoints: unknown[];
            template: { metadata: { labels: Labels } };
          };
          data: Labels;
          stringData?: Labels;
        } | null,
    );
    const one = (kind: string, name: string) =>
      found.find((each) => each?.kind === kind && each.metadata.name === name) ?? expect.fail(kind);
    const service = one("Service", "kubespan-metrics");
    expect(one("DaemonSet", "kubespan").spec.template.metadata.labels).toMatchObject(service.spec.selector);
    expect(service.spec.ports).toEqual([{ name: "metrics", port: 9586, targetPort: 9586 }]);
    const monitor = one("ServiceMonitor", "kubespan");
    expect(service.metadata.labels).toMatchObject(monitor.spec.selector.matchLabels);
    expect(monitor.spec.endpoints).toEqual([{ port: "metrics", interval: "30s" }]);
    expect(monitor.metadata.labels).toMatchObject({ release: "prometheus" });
    const dashboard = one("ConfigMap", "kubespan-dashboard");
    expect(dashboard.metadata.labels).toMatchObject({ grafana_dashboard: "1" });
    expect(dashboard.data["kubespan.json"]).toBe(await readFile(join(root, "deploy/dashboard.json"), "utf8"));
    const settings = one("Secret", "kubespan-settings").stringData?.["settings.yaml"] ?? "";
    expect(parseAllDocuments(settings).map((document) => document.toJS() as unknown)).toContainEqual(
      expect.objectContaining({
        kind: "KubeSpanDaemonConfig",
        metrics: { listen: "0.0.0.0:9586", anyAddress: true, page: true },
      }),
    );
  });

  test("is what the plain manifests are made from", async () => {
    const rendered = await run(
      "template",
      "kubespan",
      chart,
      "--namespace=kube-system",
      "--set=cluster.existingSecret=kubespan-cluster",
    );
    if (process.env["KUBESPAN_WRITE_MANIFESTS"]) await writeFile(manifests, rendered);
    expect(await readFile(manifests, "utf8")).toBe(rendered);
  });
});

describe("a real API server", () => {
  test.each([["none"], ["deployment"], ["controlPlane"]])("takes all of it: %s", async (mode) => {
    const settings = mode === "none" ? [] : discovery(mode);
    const file = join(folder, "rendered.yaml");
    await writeFile(file, await run("template", "kubespan", chart, "--namespace", namespace, ...settings));
    const kubectl = join(await kubernetes(), "kubectl");
    const tried = [kubectl, ...admin, "apply", "--dry-run=server", "--validate=strict", "-f", file];
    const told = await output(tried);
    expect(
      told.split("\n").filter((line) => line !== "" && !line.endsWith("created (server dry run)")),
    ).toEqual([]);
    expect(told.split("\n").length).toBeGreaterThan(7);
    if (mode === "none") await output([kubectl, ...admin.slice(0, 2), ...tried.slice(5, -1), manifests]);
  });

  test("is given secrets once, which no upgrade changes, and a configuration that the daemon takes", async () => {
    await upgrade();
    const first = await secret("kubespan-cluster");
    expect(textIn(first, "identity.yaml")).toMatch(/clusterSecret: [A-Za-z0-9+/]{43}=/);

    await upgrade(...discovery("deployment"), "--set", "kubespan.mtu=1400");
    const certificate = await secret("kubespan-discovery-tls");
    await upgrade(...discovery("deployment"), "--set", "kubespan.mtu=1300");
    for (const before of [first, certificate])
      expect((await secret(before.metadata?.name ?? "")).metadata).toMatchObject({
        uid: before.metadata?.uid,
        resourceVersion: before.metadata?.resourceVersion,
      });
    await loadsWithName("worker-1", first);
  });
});

describe("a daemon's pod", () => {
  const own = "networking.talos.dev/kubespan-ip";

  const merge = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
  const patch = (client: CoreV1Api, name: string, body: object): Promise<string> =>
    client.patchNode({ name, body }, merge).then(
      () => "done",
      (error: unknown) => String(error),
    );

  test("may write its own annotations to its own Node, and nothing else to that or another one", async () => {
    await upgrade();
    await server.createNode("one", { annotations: { "example.org/other": "stays" } });
    await server.createNode("two");
    const one = await clientOn("one");

    // The policy works some moments after it was made.
    await waitFor(
      async () => expect(await patch(one, "two", annotated(own))).toContain("alone on which its pod is"),
      {
        what: "the policy",
      },
    );
    expect(await patch(one, "one", annotated(own))).toBe("done");
    expect(await patch(one, "one", annotated(own, null))).toBe("done");
    expect((await one.listNode()).items).toHaveLength(2);

    const others = "its own annotations only";
    expect(await patch(one, "one", annotated("example.org/new"))).toContain(others);
    expect(await patch(one, "one", annotated("example.org/other"))).toContain(others);
    expect(await patch(one, "one", annotated("example.org/other", null))).toContain(others);
    const more = "may change annotations only";
    expect(await patch(one, "one", { metadata: { labels: { role: "x" } } })).toContain(more);
    expect(await patch(one, "one", { spec: { unschedulable: true } })).toContain(more);
    expect(await patch(one, "one", { spec: { taints: [{ key: "a", effect: "NoExecute" }] } })).toContain(
      more,
    );

    // A token that no pod has names no Node. Whoever else may patch Nodes is not held back.
    const core = await server.admin(CoreV1Api);
    const { status } = await core.createNamespacedServiceAccountToken({
      namespace,
      name: "kubespan",
      body: { spec: { audiences: ["https://kubernetes.default.svc"] } },
    });
    expect(await patch(await clientWith(status?.token ?? ""), "one", annotated(own))).toContain(
      "alone on which",
    );
    expect(await patch(core, "two", annotated("example.org/new"))).toBe("done");
  });
});
