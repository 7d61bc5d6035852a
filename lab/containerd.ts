/** The socket of a containerd with the configuration below. */
export const containerdSocket = "/run/containerd/containerd.sock";

/** The configuration of a containerd that keeps what it has in the node's own /run, and serves no kubelet. */
export const containerdConfig = `
version = 2
root = "/run/containerd-root"
state = "/run/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper"]
[grpc]
  address = "${containerdSocket}"
`;
