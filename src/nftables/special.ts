import { type Family, type Prefix, prefixesTouch } from "../net/index.ts";
import type { Lookup } from "./lookups.ts";
import { families, headerOf } from "./match.ts";

/**
 * The networks that are never in the mesh, whatever a set holds, in the order in which nft prints them. Among them are
 * the metadata services of clouds.
 */
const specialNetworks: Readonly<Record<Family, readonly Prefix[]>> = {
  4: [
    "100.100.100.200/32", // Alibaba Cloud
    "127.0.0.0/8",
    "168.63.129.16/32", // Azure
    "169.254.0.0/16", // with 169.254.169.254, which nearly all clouds have
    "224.0.0.0/4",
  ] as Prefix[],
  6: ["::1/128", "fd00:ec2::254/128", "fe80::/10", "ff00::/8"] as Prefix[], // the second is that of AWS
};

/**
 * The rules that let packets to special networks go, before any lookup. A lookup whose cover holds none of these
 * networks cannot find one, so that there are rules only where one could. In most clusters there are none, and packets
 * that do not concern the mesh cost nothing more.
 */
export const specialRules = (lookups: readonly Lookup[]): string[] =>
  families.flatMap((family) => {
    const covers = lookups.filter(({ set }) => set.family === family).map(({ cover }) => cover);
    const within = specialNetworks[family].filter((special) =>
      covers.some((cover) => touches(special, cover)),
    );
    const texts = within.map((prefix) => prefix.replace(family === 4 ? /\/32$/ : /\/128$/, ""));
    const match = texts.length > 1 ? `{ ${texts.join(", ")} }` : texts[0];
    return match === undefined ? [] : [`${headerOf(family)} daddr ${match} accept`];
  });

const touches = (special: Prefix, cover: Prefix | undefined): boolean =>
  cover === undefined || prefixesTouch(special, cover);
