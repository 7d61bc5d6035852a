/** Evictions: the statements by which an operator keeps a node out of the mesh. */
export { carriedBy, mostCarried } from "./carriers.ts";
export { type Eviction, longestStatement } from "./eviction.ts";
export {
  isSignedBy,
  type Operators,
  openStatement,
  operatorKeyOf,
  operatorKeyText,
  parseOperatorKey,
  signEviction,
  signedBy,
} from "./operator-key.ts";
export {
  entered,
  evictionsOf,
  isEvicted,
  mostEvictions,
  nextEvictionNumber,
  type Proven,
  type Roll,
  subjectOf,
} from "./roll.ts";
