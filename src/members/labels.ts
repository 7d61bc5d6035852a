import type { Affiliate } from "../discovery/index.ts";
import type { LeftOut } from "../net/index.ts";

/** The name that messages give a node. */
export const labelOf = (affiliate: Affiliate): string =>
  affiliate.nodeName || affiliate.hostname || affiliate.nodeId.slice(0, 12);

const mostNamed = 64;

/** As much as anybody reads: whoever asks for a thousand networks that he does not get is told of the first ones. */
export const someOf = (all: readonly LeftOut[]): readonly LeftOut[] =>
  all.length <= mostNamed
    ? all
    : [
        ...all.slice(0, mostNamed),
        { value: `${all.length - mostNamed} more`, reason: "for reasons like those before" },
      ];
