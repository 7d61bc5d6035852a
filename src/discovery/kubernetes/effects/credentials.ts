import { dirname } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";
import { parse } from "yaml";
import { KubespanError } from "../../../base/index.ts";
import type { KubernetesConfig } from "../../../config/index.ts";
import { readTextFile, type TextFile } from "../../../system/index.ts";

const largest = 1024 * 1024;

/**
 * Reads the location of the API and this node's credentials, again for each session, since tokens and certificates are
 * replaced while the daemon runs. They come from the kubeconfig that the configuration names, or else from a pod's
 * environment. A kubeconfig that names a program is used only if nobody but root and this user may write in it, because
 * that program runs with the rights of this one. Throws `KubespanError("config")`.
 */
export async function loadCredentials(
  empty: KubeConfig,
  { kubeconfig }: KubernetesConfig,
): Promise<KubeConfig> {
  if (kubeconfig === undefined) return inCluster(empty);
  const { text, isGuarded } = await readText(kubeconfig, "make one as docs/kubernetes.md tells");
  try {
    empty.loadFromString(text);
    empty.makePathsAbsolute(dirname(kubeconfig));
    if (!empty.getCurrentCluster() || !empty.getCurrentUser())
      throw new Error("current-context names no cluster and user");
  } catch (error) {
    // The error may quote the file, which holds credentials.
    const reason =
      error instanceof Error && error.message.startsWith("current-context") ? `: ${error.message}` : "";
    throw new KubespanError("config", `${kubeconfig} is not a kubeconfig that can be used${reason}`, {
      hint: "try it with: kubectl --kubeconfig FILE get nodes",
    });
  }
  if (namesProgram(empty) && !isGuarded)
    throw new KubespanError(
      "config",
      `${kubeconfig} is not used: it names a program to run, and others than root may write in it`,
      { hint: `see what is in it, then: chown root ${kubeconfig} && chmod go-w ${kubeconfig}` },
    );
  return withTokenFile(empty, text, dirname(kubeconfig));
}

/** Tells whether credentials come from a program: an `exec` plug-in, or one that an older `auth-provider` names. */
const namesProgram = (config: KubeConfig): boolean => {
  const user = config.getCurrentUser();
  return Boolean(user?.exec ?? user?.authProvider);
};

function inCluster(empty: KubeConfig): KubeConfig {
  if (process.env["KUBERNETES_SERVICE_HOST"] === undefined)
    throw new KubespanError("config", "this is no pod: the way to the Kubernetes API is not known", {
      hint: "outside of a pod, set kubernetes.kubeconfig in KubeSpanDaemonConfig",
    });
  empty.loadFromCluster();
  return empty;
}

/** Adds the token of a `tokenFile`, which other clients support for tokens that rotate, and client-node does not. */
async function withTokenFile(config: KubeConfig, text: string, folder: string): Promise<KubeConfig> {
  const user = config.getCurrentUser();
  const { users } = parse(text) as { users?: { name?: unknown; user?: { tokenFile?: unknown } }[] };
  const tokenFile = users?.find(({ name }) => name === user?.name)?.user?.tokenFile;
  if (!user || typeof tokenFile !== "string") return config;
  const path = tokenFile.startsWith("/") ? tokenFile : `${folder}/${tokenFile}`;
  const token = (await readText(path, "the kubeconfig names it as tokenFile")).text.trim();
  const others = config.getUsers().filter((each) => each !== user);
  config.loadFromOptions({
    clusters: config.getClusters(),
    contexts: config.getContexts(),
    currentContext: config.getCurrentContext(),
    users: [...others, { ...user, token }],
  });
  return config;
}

async function readText(path: string, hint: string): Promise<TextFile> {
  const file = await readTextFile(path, { largest, code: "config", hint });
  if (!file) throw new KubespanError("config", `there is no file ${path}`, { hint });
  return file;
}
