import { subjectOf } from "../../eviction/index.ts";
import { labelOf, type Members } from "../../members/index.ts";
import { kindOf } from "../kind.ts";

const nameIn = (members: Members, nodeId = "", publicKey = ""): string => {
  const member =
    members.get(nodeId) ??
    [...members.values()].find(({ claim }) => claim.kubespan?.publicKey === publicKey && publicKey !== "");
  return member ? labelOf(member.claim) : "";
};

export const evictions = kindOf({
  type: "Evictions.kubespan",
  namespace: "cluster",
  columns: { Node: "node", Standing: "standing", At: "at", "Public Key": "publicKey" },
  inputs: ["Configs.kubespan", "Affiliates.cluster.talos.dev"],
  description: "the nodes that operators keep out of the mesh, and those that they let in again",
  draw: ({ evictions: all, members }) =>
    all.map((eviction) => {
      const { nodeId, publicKey, number, isLifted } = eviction;
      return {
        id: subjectOf(eviction).trim().replace(" ", "/"),
        spec: {
          node: nameIn(members, nodeId, publicKey),
          ...(nodeId !== undefined && { nodeId }),
          ...(publicKey !== undefined && { publicKey }),
          standing: isLifted ? "lifted" : "evicted",
          at: new Date(number).toISOString(),
          number,
        },
      };
    }),
});
