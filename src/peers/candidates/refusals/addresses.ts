import { isKubespanULA, isSideroLink, unreachableKind } from "../../../net/index.ts";
import { routeTo } from "../routes.ts";
import { byAddress } from "./rule.ts";

/** Special networks: loopback, link-local, multicast and the like. */
export const unreachable = byAddress(unreachableKind);

export const ownAddress = byAddress((address, { ownAddresses }) =>
  ownAddresses.has(address) ? "this node's own address" : undefined,
);

/** Addresses of this mesh's own links, and of Talos' management tunnel. */
export const insideTunnel = byAddress((address) =>
  isKubespanULA(address) || isSideroLink(address) ? "an address inside a tunnel" : undefined,
);

export const insideMesh = byAddress((address, context) => {
  const route = routeTo(address, context);
  return route?.leads === "into the tunnel" ? route.reason : undefined;
});
