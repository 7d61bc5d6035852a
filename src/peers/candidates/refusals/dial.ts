import { filterReason } from "../../../config/index.ts";
import { type Endpoint, endpointAddress, type Prefix, prefixContains } from "../../../net/index.ts";
import { byAddress, type RefusalRule } from "./rule.ts";

/** What the configuration excludes. */
export const forbidden = byAddress((address, { dial }) => {
  const prefix = dial.forbid.find((each) => prefixContains(each, address));
  return prefix && `inside ${prefix}, which dial.forbid excludes`;
});

/** What the operator's filters leave out of what peers announce. */
export const filtered = byAddress((address, { dial }) =>
  filterReason(address, dial.filters, "filters.peerEndpoints"),
);

/** Some endpoints of a peer in `dial.pin` refuse the others; where none is, the peer is dialled as any other. */
export const notPinned: RefusalRule = (endpoints, { dial: { pin } }) => {
  const others = endpoints.filter((endpoint) => !isIn(pin, endpoint));
  if (others.length === endpoints.length) return new Map();
  return new Map(
    others.map((endpoint) => [endpoint, "not in dial.pin, which has other endpoints of this peer"]),
  );
};

const isIn = (prefixes: readonly Prefix[], endpoint: Endpoint): boolean =>
  prefixes.some((prefix) => prefixContains(prefix, endpointAddress(endpoint)));
