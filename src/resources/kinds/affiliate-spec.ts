import type { Spec } from "../../api/index.ts";
import type { Affiliate } from "../../discovery/index.ts";

/** The fields of an affiliate under the names that Talos gives them. */
export function affiliateSpec({ kubespan, apiServerPort, nodeName, membership, ...rest }: Affiliate): Spec {
  return {
    ...rest,
    nodename: nodeName,
    ...(kubespan && {
      kubespan: {
        publicKey: kubespan.publicKey,
        address: kubespan.address,
        additionalAddresses: kubespan.additionalAddresses,
        excludeAdvertisedNetworks: kubespan.excludedNetworks,
        endpoints: kubespan.endpoints,
      },
    }),
    ...(apiServerPort !== undefined && { controlPlane: { port: apiServerPort } }),
    ...(membership && {
      announcement: { number: membership.number, otherNetworks: membership.otherNetworks },
    }),
  };
}
