import { readFileSync } from "node:fs";
import { membersOf } from "../control-groups.ts";
import type { ControlPlane } from "./control-plane.ts";
import { type NodeName, nodeNames } from "./plan.ts";

/** A pod, and a process in its network namespace. */
export interface Pod {
  readonly name: string;
  readonly node: NodeName;
  readonly address: string;
  /** The address in IPv6, where the cluster has both families. */
  readonly address6?: string;
  readonly pid: number;
}

interface PodObject {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly spec: { readonly nodeName: string };
  readonly status: {
    readonly podIP?: string;
    readonly podIPs?: readonly { readonly ip: string }[];
    readonly phase: string;
  };
}

/** Finds the running pods of the default namespace. `groupOf` is the name of a node's control groups. */
export async function findPods(plane: ControlPlane, groupOf: (node: NodeName) => string): Promise<Pod[]> {
  const objects = await plane.list<PodObject>("pods");
  const members = new Map(
    nodeNames.map((node) => [node, membersOf(groupOf(node)).map((pid) => ({ pid, group: groupsOf(pid) }))]),
  );
  return objects.flatMap(
    ({ metadata: { name, uid }, spec: { nodeName }, status: { podIP, podIPs, phase } }) => {
      const address6 = podIPs?.find(({ ip }) => ip.includes(":"))?.ip;
      const node = nodeNames.find((each) => each === nodeName);
      const process = node && members.get(node)?.find(({ group }) => group.includes(`/pod${uid}/`));
      return node && process && podIP !== undefined && phase === "Running"
        ? [{ name, node, address: podIP, pid: process.pid, ...(address6 !== undefined && { address6 }) }]
        : [];
    },
  );
}

function groupsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, "utf8");
  } catch {
    return ""; // it has ended
  }
}
