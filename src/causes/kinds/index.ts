import type { CauseKind } from "../evidence.ts";
import { absent } from "./absent.ts";
import { clockBehind } from "./clock-behind.ts";
import { copiedIdentity } from "./copied-identity.ts";
import { evicted } from "./evicted.ts";
import { goingBetween } from "./going-between.ts";
import { noEndpoint } from "./no-endpoint.ts";
import { oneWayOut } from "./one-way-out.ts";
import { otherFamily } from "./other-family.ts";
import { privateEndpoints } from "./private-endpoints.ts";
import { refusedEndpoints } from "./refused-endpoints.ts";
import { registryStale } from "./registry-stale.ts";
import { sharedEndpoint } from "./shared-endpoint.ts";
import { silent } from "./silent.ts";
import { symmetricNat } from "./symmetric-nat.ts";
import { udpBlocked } from "./udp-blocked.ts";
import { unfinished } from "./unfinished.ts";
import { unsent } from "./unsent.ts";
import { wrongSecret } from "./wrong-secret.ts";

/** All kinds of causes, the most certain ones first: what was seen comes before what is only likely. */
export const kinds: readonly CauseKind[] = [
  evicted,
  copiedIdentity,
  goingBetween,
  clockBehind,
  unsent,
  noEndpoint,
  refusedEndpoints,
  wrongSecret,
  otherFamily,
  oneWayOut,
  unfinished,
  udpBlocked,
  sharedEndpoint,
  absent,
  registryStale,
  privateEndpoints,
  symmetricNat,
  silent,
];
