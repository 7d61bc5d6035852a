import { join } from "node:path";
import type { LabNode } from "../node.ts";
import { debianSets, kubeRouter } from "../programs/index.ts";
import { Service } from "../service.ts";
import { showPackages } from "../shown.ts";
import { serviceNetwork } from "./plan.ts";

/** kube-router on a node, with its firewall alone: as k3s has it beside Flannel and kube-proxy. */
export async function networkPolicies(node: LabNode): Promise<Service> {
  await showPackages(node, await debianSets());
  return new Service(node.namespace, "kube-router", [
    join(await kubeRouter(), "kube-router"),
    "--run-firewall=true",
    "--run-router=false",
    "--run-service-proxy=false",
    "--run-loadbalancer=false",
    "--kubeconfig=/run/kubernetes/admin.kubeconfig",
    `--hostname-override=${node.name}`,
    `--service-cluster-ip-range=${serviceNetwork[4]}`,
    "--iptables-sync-period=1m",
  ]);
}
