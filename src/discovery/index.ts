/**
 * The parts that decisions need. The contracts are in affiliate.ts and registry.ts, and the effects in files of their
 * own.
 */

export {
  type Affiliate,
  type KubespanAffiliate,
  type Membership,
  mostRefusals,
  type Refusal,
} from "./affiliate.ts";
export { decodeAffiliate } from "./decode.ts";
export { encodeAffiliate } from "./encode.ts";
export { type Envelope, openEnvelope, unopened } from "./envelope.ts";
export { type Heard, hearAll } from "./heard.ts";
export { limits } from "./limits.ts";
export { mergeAffiliates } from "./merge.ts";
export { isPublicKey, publicKeyFrom } from "./public-key.ts";
export { affiliateBytes, mostAffiliateBytes, sealAnnouncement } from "./publication.ts";
export type { Announcement, Registry } from "./registry.ts";
export { errorOf, type RegistryState, stateOf } from "./registry-state.ts";
export { openData } from "./seal.ts";
export { knowsNone, secretName, secretNames, secretOfPair, secretsOf } from "./secrets.ts";
export { sameHostAndPort, stunHeader } from "./stun-offer.ts";
export { isNodeId } from "./text.ts";
export { nothingTold, type RefusedAffiliate, type RegistryServer, type Told } from "./told.ts";
