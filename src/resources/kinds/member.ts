import { labelOf, type Member } from "../../members/index.ts";
import { kindOf } from "../kind.ts";

const isoOf = (time: number): string => new Date(time).toISOString();

const absence = (member: Member): Record<string, unknown> =>
  member.standing === "present" ? {} : { since: isoOf(member.since), why: member.why };

export const members = kindOf({
  type: "Members.cluster.talos.dev",
  namespace: "cluster",
  columns: {
    Hostname: "hostname",
    "Machine Type": "machineType",
    OS: "operatingSystem",
    Addresses: "addresses",
    Standing: "standing",
  },
  inputs: ["Affiliates.cluster.talos.dev"],
  description: "the other nodes that belong to the mesh, or were let go",
  draw: (seen) => {
    const all = [...seen.members.values()];
    const names = Map.groupBy(all, ({ claim }) => labelOf(claim));
    return all.map((member) => {
      const { nodeId, claim, standing } = member;
      const { addresses, hostname, machineType, operatingSystem, apiServerPort } = claim;
      const label = labelOf(claim);
      return {
        id: names.get(label)?.length === 1 ? label : `${label}/${nodeId}`,
        spec: {
          nodeId,
          addresses,
          hostname,
          machineType,
          operatingSystem,
          ...(apiServerPort !== undefined && { controlPlane: { port: apiServerPort } }),
          standing,
          ...absence(member),
        },
      };
    });
  },
});
