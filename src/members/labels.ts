import type { Affiliate } from "../discovery/index.ts";
import type { LeftOut } from "../net/index.ts";

/** The name of a node in messages. */
export const labelOf = (affiliate: Affiliate): string =>
  affiliate.nodeName || affiliate.hostname || affiliate.nodeId.slice(0, 12);

const mostNamed = 64;

/**
 * The first entries of a list, as many as anybody reads. A peer may ask for a thousand networks that it does not get.
 */
export const someOf = (all: readonly LeftOut[]): readonly LeftOut[] =>
  all.length <= mostNamed
    ? all
    : [
        ...all.slice(0, mostNamed),
        { value: `${all.length - mostNamed} more`, reason: "for reasons like those before" },
      ];
