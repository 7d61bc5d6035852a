/** The distribution of Kubernetes on this node. */
export type Flavour = "kubeadm" | "k3s" | "rke2" | "microk8s";

/** The files and sockets that each distribution leaves on a node. The existence of one of them is enough. */
export const flavourFiles: Readonly<Record<Flavour, readonly string[]>> = {
  kubeadm: ["/var/lib/kubelet/kubeadm-flags.env", "/etc/kubernetes/kubelet.conf"],
  k3s: ["/run/k3s/containerd/containerd.sock", "/var/lib/rancher/k3s/agent", "/etc/rancher/k3s/k3s.yaml"],
  rke2: ["/var/lib/rancher/rke2/agent", "/etc/rancher/rke2/config.yaml", "/etc/rancher/rke2/rke2.yaml"],
  microk8s: ["/var/snap/microk8s/current", "/snap/microk8s/current"],
};

/**
 * The distributions whose files exist. RKE2's containerd uses the folder of k3s in /run, so on a node with RKE2 that
 * folder is no sign of k3s.
 */
export function flavoursOf(existing: ReadonlySet<string>): Flavour[] {
  const found = (Object.keys(flavourFiles) as Flavour[]).filter((flavour) =>
    flavourFiles[flavour].some((path) => existing.has(path)),
  );
  const isK3sToo = flavourFiles.k3s.slice(1).some((path) => existing.has(path));
  return found.includes("rke2") && !isK3sToo ? found.filter((flavour) => flavour !== "k3s") : found;
}
