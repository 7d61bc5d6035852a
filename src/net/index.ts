export {
  type Address,
  addressFromBigInt,
  addressFromBytes,
  addressToBytes,
  compareAddresses,
  type Family,
  familyOf,
  parseAddress,
  widthOf,
} from "./address.ts";
export { type Endpoint, endpointAddress, endpointOf, endpointPort, parseEndpoint } from "./endpoint.ts";
export { type LeftOut } from "./left-out.ts";
export {
  bitsOf,
  comparePrefixes,
  compareRanges,
  hostPrefix,
  networkOf,
  type Prefix,
  parsePrefix,
  prefixContains,
  prefixFamily,
  prefixOf,
  rangeOf,
} from "./prefix.ts";
export { PrefixIndex } from "./prefix-index.ts";
export { intersect, subtract, unite } from "./prefix-set.ts";
export { detached } from "./remembered.ts";
export { isKubespanULA, isSideroLink, unreachableKind } from "./special.ts";
