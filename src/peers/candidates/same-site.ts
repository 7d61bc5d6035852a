import {
  isHostPrefix,
  isPrivate,
  networkOf,
  type Prefix,
  prefixContains,
  prefixFamily,
  prefixOf,
} from "../../net/index.ts";
import { type CandidateKind, classes } from "./kind.ts";

/** The bits of the network that is taken for a site, by family. Private networks of clouds are about as large. */
const siteBits = { 4: 16, 6: 48 } as const;

/**
 * A private address near a private one of this node that stands alone on its link. Clouds give each node a single address
 * and a gateway, which leads to the others of the site (Google, Hetzner): no network of a link tells that they are near.
 * Should it be another site's after all, nothing answers there that has the peer's key.
 */
export const sameSite = {
  name: "same-site",
  class: classes.ownNetwork,
  place: 350,
  recognize: ({ address }, { ownNetworks }) => {
    const site = ownNetworks
      .flatMap((own) => siteOf(own, ownNetworks))
      .find((network) => prefixContains(network, address));
    return site && { reason: `in ${site}, in which this node has a single address` };
  },
} as const satisfies CandidateKind;

/** The site of an address that is in no network of a link: a further address in such a network tells nothing. */
function siteOf(own: Prefix, ownNetworks: readonly Prefix[]): Prefix[] {
  const address = networkOf(own);
  if (!isHostPrefix(own) || !isPrivate(address)) return [];
  if (ownNetworks.some((network) => network !== own && prefixContains(network, address))) return [];
  const site = prefixOf(address, siteBits[prefixFamily(own)]);
  return site === undefined ? [] : [site];
}
