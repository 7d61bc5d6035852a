import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ControlPlane } from "./control-plane.ts";
import { type NodeName, nodeNames } from "./plan.ts";
import type { Site } from "./site.ts";

interface Surroundings {
  readonly nodes: Site["nodes"];
  readonly plane: ControlPlane;
  /** The folder with kubectl. */
  readonly kubernetes: string;
  /** Makes the images of an archive known on a node. */
  readonly import: (name: NodeName, archive: string) => Promise<void>;
}

/**
 * Starts somebody's own CNI out of a folder: `bin` is for /opt/cni/bin, `net.d` for /etc/cni/net.d, `images` holds archives
 * for containerd, `manifests` is applied, and the program `node` is run on each node.
 */
export async function startOwnCNI(folder: string, cluster: Surroundings): Promise<void> {
  const own = async (name: string): Promise<string[]> =>
    (await readdir(join(folder, name)).catch(() => [])).map((file) => join(folder, name, file));
  const [bin, netD, archives, manifests] = [
    await own("bin"),
    await own("net.d"),
    await own("images"),
    await own("manifests"),
  ];
  const hasProgram = (await readdir(folder)).includes("node");
  for (const name of nodeNames) {
    const { namespace } = cluster.nodes[name];
    if (bin.length > 0) await namespace.run("cp", ...bin, "/opt/cni/bin");
    if (netD.length > 0) await namespace.run("cp", ...netD, "/etc/cni/net.d");
    for (const archive of archives) await cluster.import(name, archive);
  }
  for (const manifest of manifests) await cluster.plane.apply(await readFile(manifest, "utf8"));
  if (!hasProgram) return;
  for (const name of nodeNames)
    await cluster.nodes[name].run(
      "env",
      `KUBECONFIG=/run/kubernetes/admin.kubeconfig`,
      `NODE_NAME=${name}`,
      `PATH=${cluster.kubernetes}:${process.env["PATH"]}`,
      join(folder, "node"),
    );
}
