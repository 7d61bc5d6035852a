import { access } from "node:fs/promises";
import type { MachineType } from "../../config/index.ts";

/** What only a control plane has, of kubeadm, k3s and RKE2. */
const ofControlPlanes = [
  "/etc/kubernetes/manifests/kube-apiserver.yaml",
  "/var/lib/rancher/k3s/server/tls",
  "/var/lib/rancher/rke2/server/tls",
];
const ofWorkers = [
  "/etc/kubernetes/kubelet.conf",
  "/var/lib/rancher/k3s/agent",
  "/var/lib/rancher/rke2/agent",
];

/** What this node is in Kubernetes, as far as its files tell. */
export async function machineTypeHere(): Promise<MachineType> {
  if (await anyExists(ofControlPlanes)) return "controlplane";
  return (await anyExists(ofWorkers)) ? "worker" : "unknown";
}

const anyExists = (paths: readonly string[]): Promise<boolean> =>
  Promise.any(paths.map((path) => access(path).then(() => true))).catch(() => false);
