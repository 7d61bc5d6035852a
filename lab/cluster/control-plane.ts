import { generateKeyPairSync, randomBytes } from "node:crypto";
import { join } from "node:path";
import { stringify } from "yaml";
import type { LabNode } from "../node.ts";
import type { Programs } from "../programs/index.ts";
import { Service } from "../service.ts";
import { waitFor } from "../wait.ts";
import { address, ofFamilies, podNetwork, serviceNetwork, type Variant } from "./plan.ts";

const folder = "/run/kubernetes";

/** The accounts of a cluster, with their names and groups in Kubernetes. */
const accounts = {
  admin: 'admin,1,"system:masters"',
  manager: "system:kube-controller-manager,2",
  scheduler: "system:kube-scheduler,3",
  proxy: "system:kube-proxy,4",
  n1: 'system:node:n1,n1,"system:nodes"',
  n2: 'system:node:n2,n2,"system:nodes"',
  n3: 'system:node:n3,n3,"system:nodes"',
} as const;
type Account = keyof typeof accounts;
const accountNames = Object.keys(accounts) as Account[];

const newToken = (): string => randomBytes(16).toString("hex");

/** The text of a kubeconfig for an account, or for a file with a token. */
const kubeconfig = (ca: string, user: { token: string } | { tokenFile: string }, server: string): string =>
  stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: "lab",
        cluster: {
          server,
          "certificate-authority-data": Buffer.from(ca).toString("base64"),
          "tls-server-name": "kubernetes.default.svc",
        },
      },
    ],
    users: [{ name: "user", user }],
    contexts: [{ name: "lab", context: { cluster: "lab", user: "user" } }],
    "current-context": "lab",
  });

const options = (values: Readonly<Record<string, string>>): string[] =>
  Object.entries(values).map(([name, value]) => `--${name}=${value}`);

const key = `${folder}/service-accounts.key`;

type Families = Pick<Variant, "isDual">;

const apiServer = ({ address: own }: Replica, families: Families): string[] =>
  options({
    "etcd-servers": "http://127.0.0.1:2379",
    "bind-address": "0.0.0.0",
    "secure-port": "6443",
    "advertise-address": own,
    "cert-dir": `${folder}/certs`,
    "token-auth-file": `${folder}/tokens.csv`,
    "service-account-issuer": "https://kubernetes.default.svc",
    "service-account-key-file": key,
    "service-account-signing-key-file": key,
    "service-cluster-ip-range": ofFamilies(serviceNetwork, families),
    "authorization-mode": "Node,RBAC",
    "allow-privileged": "true",
    "kubelet-preferred-address-types": "InternalIP",
    profiling: "false",
  });

const etcd = (own: Replica, all: readonly Replica[]): string[] =>
  options({
    name: own.name,
    "data-dir": `${folder}/etcd`,
    "listen-client-urls": "http://127.0.0.1:2379",
    "advertise-client-urls": "http://127.0.0.1:2379",
    "listen-peer-urls": peerURL(own),
    "initial-advertise-peer-urls": peerURL(own),
    "initial-cluster": all.map((each) => `${each.name}=${peerURL(each)}`).join(),
  });

const peerURL = ({ address: at }: Replica): string => `http://${at}:2380`;

const manager = (families: Families): string[] =>
  options({
    kubeconfig: `${folder}/manager.kubeconfig`,
    "service-account-private-key-file": key,
    "root-ca-file": `${folder}/certs/apiserver.crt`,
    "use-service-account-credentials": "true",
    "allocate-node-cidrs": "true",
    "cluster-cidr": ofFamilies(podNetwork, families),
    "service-cluster-ip-range": ofFamilies(serviceNetwork, families),
    controllers: "*,-bootstrap-signer-controller,-token-cleaner-controller",
  });

/** Ends with 0 if etcd answers, which it does when it hears of most of its members. */
const isHealthy = `fetch("http://127.0.0.1:2379/health").then((answer) => answer.json())
  .then(({ health }) => process.exit(health === "true" ? 0 : 1), () => process.exit(1))`;

/** One of the control planes of a cluster, which share what they store. */
export interface Replica {
  readonly name: string;
  readonly address: string;
}

/** etcd, API server, controller manager and scheduler on a node, and kubectl there. */
export class ControlPlane {
  readonly #node: LabNode;
  readonly #programs: Programs;
  readonly #own: Replica;
  /** The bearer tokens, which nobody else on this machine may guess: a port of its own may lead to the API. */
  readonly #tokens: ReadonlyMap<Account, string>;
  readonly services: Readonly<Record<string, Service>>;

  /** `all` are the control planes of the cluster, this one among them; `first` the one whose secrets it shares. */
  constructor(
    node: LabNode,
    programs: Programs,
    all: readonly Replica[] = [{ name: node.name, address: address.n1 }],
    { first, isDual }: Families & { readonly first?: ControlPlane | undefined } = {},
  ) {
    const families = isDual === undefined ? {} : { isDual };
    this.#node = node;
    this.#programs = programs;
    this.#tokens = first ? first.#tokens : new Map(accountNames.map((name) => [name, newToken()]));
    const own = all.find(({ name }) => name === node.name);
    if (!own) throw new Error(`${node.name} is none of the control planes`);
    this.#own = own;
    const elected = `--leader-elect=${all.length > 1}`;
    const part = (name: string, args: readonly string[]): Service =>
      new Service(node.namespace, name, [join(programs.kubernetes, name), ...args]);
    this.services = {
      etcd: new Service(node.namespace, "etcd", ["etcd", "--unsafe-no-fsync", ...etcd(own, all)]),
      api: part("kube-apiserver", apiServer(own, families)),
      manager: part("kube-controller-manager", [...manager(families), elected]),
      scheduler: part("kube-scheduler", [`--kubeconfig=${folder}/scheduler.kubeconfig`, elected]),
    };
  }

  async start(): Promise<void> {
    const { namespace } = this.#node;
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    await namespace.write(key, privateKey.export({ type: "pkcs1", format: "pem" }).toString());
    const tokens = accountNames.map((name) => `${this.#tokens.get(name)},${accounts[name]}\n`);
    await namespace.write(`${folder}/tokens.csv`, tokens.join(""));
    const { etcd: _, api: server, ...others } = this.services;
    await this.startStore();
    await server?.start();
    await waitFor(() => this.#certificate(), { what: "the API server's certificate" });
    for (const name of ["admin", "manager", "scheduler"] as const)
      await namespace.write(`${folder}/${name}.kubeconfig`, this.kubeconfig(name));
    await this.#ready();
    for (const service of Object.values(others)) await service.start();
  }

  /** Starts as a further control plane, with the keys and certificates of the first one. */
  async join(first: ControlPlane): Promise<void> {
    for (const file of ["service-accounts.key", "tokens.csv", "certs/apiserver.crt", "certs/apiserver.key"])
      await this.#node.namespace.write(`${folder}/${file}`, first.#node.namespace.read(`${folder}/${file}`));
    for (const name of ["admin", "manager", "scheduler"] as const)
      await this.#node.namespace.write(`${folder}/${name}.kubeconfig`, this.kubeconfig(name));
    const { etcd: _, ...others } = this.services;
    for (const service of Object.values(others)) await service.start();
    await this.#ready();
  }

  /** Starts what stores, which answers when most of the control planes do. */
  async startStore(): Promise<void> {
    await this.services["etcd"]?.start();
  }

  /** Kills every part and starts it anew, one after the other. Asked to end, the API server would wait for its watchers. */
  async restart(): Promise<void> {
    for (const service of Object.values(this.services)) {
      await service.stop("SIGKILL");
      await service.start();
      await this.#ready();
    }
  }

  /** Starts all parts on a machine that had no power. The API server ends where it finds no etcd, and nobody here starts it anew. */
  async startAgain(): Promise<void> {
    const { etcd: _, ...others } = this.services;
    await this.startStore();
    await waitFor(() => this.#node.run(process.execPath, "-e", isHealthy), {
      what: `etcd on ${this.#own.name}`,
      describe: async () => (await this.services["etcd"]?.log())?.slice(-4000) ?? "",
    });
    for (const service of Object.values(others)) await service.start();
    await this.#ready();
  }

  async #ready(): Promise<void> {
    await waitFor(() => this.kubectl("get", "--raw", "/readyz", "--request-timeout=5s"), {
      what: "the API server",
      describe: async () => (await this.services["api"]?.log())?.slice(-4000) ?? "",
    });
  }

  #certificate(): string | undefined {
    const text = this.#node.namespace.read(`${folder}/certs/apiserver.crt`);
    return text.includes("END CERTIFICATE") ? text : undefined;
  }

  /** The text of a kubeconfig for an account, or for whoever has the token in a file beside it. */
  kubeconfig(
    account: Account | { readonly tokenFile: string },
    server = `https://${this.#own.address}:6443`,
  ): string {
    const user = typeof account === "string" ? { token: this.#tokens.get(account) ?? "" } : account;
    return kubeconfig(this.#certificate() ?? "", user, server);
  }

  kubectl(...args: string[]): Promise<string> {
    return this.#node.run(this.#kubectl, `--kubeconfig=${folder}/admin.kubeconfig`, ...args);
  }

  get #kubectl(): string {
    return join(this.#programs.kubernetes, "kubectl");
  }

  /** Gives the list of objects of a kind. */
  async list<Item>(kind: string): Promise<Item[]> {
    return (JSON.parse(await this.kubectl("get", kind, "-o", "json")) as { items: Item[] }).items;
  }

  async apply(manifests: string): Promise<void> {
    await this.#node.namespace.write(`${folder}/apply.yaml`, manifests);
    await this.kubectl("apply", "-f", `${folder}/apply.yaml`);
  }
}
