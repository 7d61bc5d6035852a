import { claimedByAnother } from "./claimed-by-another.ts";
import type { CandidateKind } from "./kind.ts";
import { lastWorking } from "./last-working.ts";
import { listedBySeveral } from "./listed-by-several.ts";
import { preferred } from "./preferred.ts";
import { privateAddress } from "./private.ts";
import { publicIPv4 } from "./public-ipv4.ts";
import { publicIPv6 } from "./public-ipv6.ts";
import { sameSite } from "./same-site.ts";
import { sharedNetwork } from "./shared-network.ts";

/** The first that recognizes an endpoint tells what it is. In which order candidates are dialled, their `place` tells. */
const list = [
  preferred,
  lastWorking,
  listedBySeveral,
  sharedNetwork,
  sameSite,
  claimedByAnother,
  privateAddress,
  publicIPv6,
  publicIPv4,
] as const;

export type CandidateKindName = (typeof list)[number]["name"];

export const kinds: readonly CandidateKind<CandidateKindName>[] = list;
