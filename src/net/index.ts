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
export { hardwareAddressText, parseHardwareAddress } from "./hardware-address.ts";
export {
  type HostPort,
  hostPortText,
  parseAddressPort,
  parseHostPort,
  parsePort,
} from "./host-port.ts";
export { coverAgain, type KeptCover, nothingCovered } from "./kept-cover.ts";
export { fewLeftOut, type LeftOut } from "./left-out.ts";
export {
  bitsRead,
  everyBit,
  type Marks,
  type MaskedMark,
  maskedMark,
  maskedText,
  maskOf,
  parseMaskedMark,
  steeredMark,
} from "./mark.ts";
export {
  bitsOf,
  comparePrefixes,
  compareRanges,
  hostPrefix,
  isHostPrefix,
  networkOf,
  type Prefix,
  parsePrefix,
  prefixContains,
  prefixesTouch,
  prefixFamily,
  prefixOf,
  prefixWithin,
  rangeOf,
} from "./prefix.ts";
export { PrefixIndex } from "./prefix-index.ts";
export { intersect, reunite, subtract, subtractUpTo, touchesCover, unite } from "./prefix-set.ts";
export { detached, Remembered } from "./remembered.ts";
export {
  isKubespanULA,
  isLoopback,
  isPrivate,
  isSideroLink,
  specialIn,
  unreachableKind,
  unreachableNetwork,
  withoutSpecial,
} from "./special.ts";
