export {
  type Authority,
  authorityKeyText,
  openAuthority,
  parseAuthorityKey,
} from "./authority.ts";
export { fingerprintOf } from "./fingerprint.ts";
