import { prefixContains } from "../../net/index.ts";
import { type CandidateKind, classes } from "./kind.ts";

/** On a network that a link of this node is on as well. */
export const sharedNetwork = {
  name: "shared-network",
  class: classes.ownNetwork,
  place: 300,
  recognize: ({ address }, { ownNetworks }) => {
    const shared = ownNetworks.find((network) => prefixContains(network, address));
    return shared && { reason: `in ${shared}, a network of this node` };
  },
} as const satisfies CandidateKind;
