import { generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CoreV1Api,
  KubeConfig,
  KubernetesObjectApi,
  loadAllYaml,
  PatchStrategy,
  setHeaderOptions,
} from "@kubernetes/client-node";
import { execa } from "execa";
import { bound } from "../../lab/bound.ts";
import { waitFor } from "../../lab/index.ts";
import { Etcd, freePort } from "../etcd/etcd.ts";
import { kubeApiServer } from "./binary.ts";

const manifest = join(import.meta.dirname, "../../deploy/kubernetes/rbac.yaml");
/** Of the host in a lab through which its nodes reach the API. */
export const relayAddress = "203.0.113.9";
const issuer = "https://kubernetes.default.svc";
const account = { name: "kubespan", namespace: "kube-system" };

/** Every request about Nodes, one line of JSON each. */
const auditPolicy = `\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - {level: Metadata, resources: [{group: "", resources: [nodes]}]}
  - {level: None}
`;

/** What somebody asked of Nodes. */
export interface Request {
  readonly verb: string;
  readonly user: string;
  readonly uri: string;
  readonly code: number;
}

/** A real kube-apiserver with an etcd of its own; our RBAC manifest is applied. Both die with us. */
export class ApiServer {
  readonly #folder: string;
  readonly #binary: string;
  readonly #etcd: Etcd;
  readonly #port: number;
  #process: ReturnType<typeof launch> | undefined;

  private constructor(parts: { folder: string; binary: string; etcd: Etcd; port: number }) {
    this.#folder = parts.folder;
    this.#binary = parts.binary;
    this.#etcd = parts.etcd;
    this.#port = parts.port;
  }

  static async start(): Promise<ApiServer> {
    const binary = await kubeApiServer();
    const folder = await mkdtemp(join(tmpdir(), "kubespan-kubernetes-"));
    const server = new ApiServer({ folder, binary, etcd: await Etcd.start(), port: await freePort() });
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    await server.write("sa.key", privateKey.export({ type: "pkcs1", format: "pem" }).toString());
    await server.write("tokens.csv", 'admin,admin,1,"system:masters"\n');
    await server.write("audit.yaml", auditPolicy);
    await server.start();
    await server.#applyManifest();
    return server;
  }

  async start(): Promise<void> {
    const options = {
      "etcd-servers": this.#etcd.url,
      "bind-address": "127.0.0.1",
      "secure-port": String(this.#port),
      "advertise-address": relayAddress, // it stands in the certificate, too
      "cert-dir": this.file("certs"),
      "token-auth-file": this.file("tokens.csv"),
      "service-account-issuer": issuer,
      "service-account-key-file": this.file("sa.key"),
      "service-account-signing-key-file": this.file("sa.key"),
      "service-cluster-ip-range": "10.96.0.0/16",
      "authorization-mode": "RBAC",
      "disable-admission-plugins": "ServiceAccount",
      "audit-policy-file": this.file("audit.yaml"),
      "audit-log-path": this.file("audit.log"),
    };
    this.#process = launch(
      this.#binary,
      Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
    );
    let log = "";
    this.#process.stderr.on("data", (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-4000);
    });
    await waitFor(async () => (await this.admin(CoreV1Api)).listNode({ limit: 1 }), {
      what: "the API server",
      describe: () => log,
    });
  }

  /** At once, as a machine that loses its power. */
  async kill(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.#process;
    this.#process = undefined;
  }

  /** Keeps a copy of everything. */
  backUp(): Promise<void> {
    return this.#etcd.backUp();
  }

  /** Goes back to the copy, as an operator does who restores etcd from a backup. */
  async restore(): Promise<void> {
    await this.kill();
    await this.#etcd.restore();
    await this.start();
  }

  async close(): Promise<void> {
    await this.kill();
    await this.#etcd.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  file(name: string): string {
    return join(this.#folder, name);
  }

  async write(name: string, text: string): Promise<void> {
    await mkdir(join(this.file(name), ".."), { recursive: true });
    await writeFile(this.file(name), text, { mode: 0o600 });
  }

  /** A client that may do everything. */
  async admin<Api>(
    kind: Parameters<KubeConfig["makeApiClient"]>[0] & (new (...args: never[]) => Api),
  ): Promise<Api> {
    return (await this.#config("admin")).makeApiClient(kind) as Api;
  }

  /** A new token of the daemon's account (or another one in its namespace), as a pod or `kubectl create token` gets it. */
  async token(name = account.name): Promise<string> {
    const body = { spec: { audiences: [issuer], expirationSeconds: 3600 } };
    const core = await this.admin(CoreV1Api);
    const { status } = await core.createNamespacedServiceAccountToken({ ...account, name, body });
    return status?.token ?? "";
  }

  /** Makes the account anew, with which all of its tokens become worthless. */
  async replaceAccount(): Promise<void> {
    const core = await this.admin(CoreV1Api);
    await core.deleteNamespacedServiceAccount(account);
    await core.createNamespacedServiceAccount({ namespace: account.namespace, body: { metadata: account } });
  }

  /** A kubeconfig with a token file beside it, as docs/kubernetes.md tells; `server` is the address and port where it is seen. */
  async kubeconfig(server = `127.0.0.1:${this.#port}`, name = "kubeconfig"): Promise<string> {
    await this.write("token", await this.token());
    const config = (await this.#config("")).exportConfig();
    const parsed = JSON.parse(config) as { users: unknown[]; clusters: { cluster: { server: string } }[] };
    parsed.users = [{ name: "user", user: { tokenFile: "token" } }];
    for (const { cluster } of parsed.clusters) cluster.server = `https://${server}`;
    await this.write(name, JSON.stringify(parsed));
    return this.file(name);
  }

  /** The same with a plug-in that prints what is in the token file, as those of clouds print what they have got. */
  async kubeconfigWithPlugIn(): Promise<string> {
    const from = await this.kubeconfig();
    const config = JSON.parse(await readFile(from, "utf8")) as { users: unknown[] };
    const apiVersion = "client.authentication.k8s.io/v1";
    const head = `{"apiVersion": "${apiVersion}", "kind": "ExecCredential", "status": {"token": "%s"}}`;
    const args = ["-c", `printf '${head}' "$(cat "$0")"`, this.file("token")];
    const exec = { apiVersion, command: "sh", args, interactiveMode: "Never" };
    config.users = [{ name: "user", user: { exec } }];
    await this.write("by-plug-in", JSON.stringify(config));
    return this.file("by-plug-in");
  }

  get port(): number {
    return this.#port;
  }

  /** The authority of its certificate, PEM. */
  ca(): Promise<string> {
    return readFile(this.file("certs/apiserver.crt"), "utf8");
  }

  async createNode(
    name: string,
    more: { annotations?: Record<string, string>; podCIDRs?: string[] } = {},
  ): Promise<void> {
    const { annotations = {}, podCIDRs = [] } = more;
    const spec = podCIDRs.length > 0 ? { podCIDRs, podCIDR: podCIDRs[0] ?? "" } : {};
    await (await this.admin(CoreV1Api)).createNode({ body: { metadata: { name, annotations }, spec } });
  }

  async deleteNode(name: string): Promise<void> {
    await (await this.admin(CoreV1Api)).deleteNode({ name });
  }

  async annotations(name: string): Promise<Readonly<Record<string, string>>> {
    return (await (await this.admin(CoreV1Api)).readNode({ name })).metadata?.annotations ?? {};
  }

  /** What the node controller writes when a kubelet falls silent, and the kubelet when it is back. */
  async setReady(name: string, status: "True" | "False" | "Unknown"): Promise<void> {
    const options = setHeaderOptions("Content-Type", PatchStrategy.StrategicMergePatch);
    const body = { status: { conditions: [{ type: "Ready", status }] } };
    await (await this.admin(CoreV1Api)).patchNodeStatus({ name, body }, options);
  }

  /** A merge patch of annotations or labels, as somebody else would make it. */
  async annotate(name: string, annotations: Readonly<Record<string, string | null>>): Promise<void> {
    const options = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
    await (await this.admin(CoreV1Api)).patchNode({ name, body: { metadata: { annotations } } }, options);
  }

  /** What the daemon's account has asked for, in order. */
  async requests(): Promise<Request[]> {
    const lines = (await readFile(this.file("audit.log"), "utf8")).split("\n").filter((line) => line !== "");
    return lines.flatMap((line): Request[] => {
      const event = JSON.parse(line) as AuditEvent;
      const isOurs = event.user.username === `system:serviceaccount:${account.namespace}:${account.name}`;
      if (!isOurs || (event.verb === "watch" && event.stage !== "ResponseStarted")) return [];
      return [
        {
          verb: event.verb,
          user: event.user.username,
          uri: event.requestURI,
          code: event.responseStatus?.code ?? 0,
        },
      ];
    });
  }

  async #applyManifest(): Promise<void> {
    const objects = KubernetesObjectApi.makeApiClient(await this.#config("admin"));
    const core = await this.admin(CoreV1Api);
    await waitFor(() => core.readNamespace({ name: account.namespace }), {
      what: "the namespace kube-system",
    });
    await core.createNamespacedServiceAccount({
      namespace: account.namespace,
      body: { metadata: { ...account, name: "bystander" } },
    });
    for (const object of loadAllYaml(await readFile(manifest, "utf8"))) await objects.create(object);
  }

  async #config(token: string): Promise<KubeConfig> {
    const ca = Buffer.from(await this.ca());
    const cluster = {
      name: "test",
      server: `https://127.0.0.1:${this.#port}`,
      caData: ca.toString("base64"),
    };
    const config = new KubeConfig();
    config.loadFromOptions({
      clusters: [{ ...cluster, skipTLSVerify: false }],
      users: [{ name: "user", token }],
      contexts: [{ name: "test", cluster: "test", user: "user" }],
      currentContext: "test",
    });
    return config;
  }
}

interface AuditEvent {
  readonly verb: string;
  readonly stage: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly responseStatus?: { readonly code?: number };
}

const launch = (binary: string, args: readonly string[]) =>
  execa(...bound(binary, ...args), {
    reject: false,
    stdin: "ignore",
    stdout: "ignore",
    buffer: false,
  });
