import { join } from "node:path";
import { debian } from "./debian.ts";
import { cniPlugins, flannel, kubernetes, probe } from "./go-programs.ts";
import { images } from "./images.ts";

export { debian, debianDocker, debianFirewalls, debianSets, debianWebServer } from "./debian.ts";
export { kubeRouter, kubernetes } from "./go-programs.ts";
export { helm } from "./helm.ts";
export { image } from "./images.ts";

/** The paths of all that a cluster is made of. */
export interface Programs {
  /** The folder with the parts of Kubernetes, by their names. */
  readonly kubernetes: string;
  readonly flanneld: string;
  /** The folder with the CNI plug-ins. */
  readonly plugins: string;
  /** The folder with containerd, its companions and runc. */
  readonly containerd: string;
  readonly probe: string;
  /** The archive with the images of the pods. */
  readonly images: string;
}

/** Makes what is missing, and tells of it: the first time it takes ten minutes on two cores. */
export async function clusterPrograms(): Promise<Programs> {
  const folders = { probe: await probe(), debian: join(await debian(), "root") };
  return {
    kubernetes: await kubernetes(),
    flanneld: join(await flannel(), "flanneld"),
    plugins: await cniPlugins(),
    containerd: join(folders.debian, "usr/bin"),
    probe: join(folders.probe, "probe"),
    images: join(await images(folders.probe, join(folders.debian, "bin/busybox")), "images.tar"),
  };
}
