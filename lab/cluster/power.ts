import type { Namespace } from "../namespace.ts";
import type { LabNode } from "../node.ts";

/** Kills every process of a machine, and all of its containers, at once. */
export function killAll(namespace: Namespace): void {
  for (let round = 0; round < 100 && namespace.kill() > 0; round++);
}

/** What a start of the machine does not find again: mounts, links, rules, routes and tables that were made in it. */
const forgotten = `
awk '$2 ~ "^/run/containerd/|^/run/netns/cni-|^/var/lib/kubelet/pods/" { print $2 }' /proc/mounts | sort -r |
  while read mount; do umount -l "$mount"; done
rm -rf /run/netns/cni-*
rm -rf /run/containerd /run/flannel /run/kubespan /run/wireguard/*
for link in $(ls /sys/class/net); do
  case $link in lo | eth*) ;; *) ip link delete $link ;; esac
done
nft flush ruleset
tc qdisc delete dev eth0 clsact
for family in 4 6; do
  ip -$family rule flush
  ip -$family rule add priority 32766 lookup main
  ip -$family rule add priority 32767 lookup default
  ip -$family route flush table 180
  ip -$family route flush proto 180
done
ip route flush root 10.244.0.0/16
true
`;

export async function forget(node: LabNode): Promise<void> {
  await node.namespace.run("sh", "-c", forgotten);
}
