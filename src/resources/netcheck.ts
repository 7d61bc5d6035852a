import type { FamilyCheck, Netcheck, RegistryReached, Status } from "../api/index.ts";
import type { Members } from "../members/index.ts";
import { type Endpoint, endpointAddress, type Family, familyOf } from "../net/index.ts";
import type { Seen } from "./seen.ts";

/** What the network lets this node do, by what was seen. The registries are those to which connections were just made. */
export function netcheckOf(
  { status, members, pass }: Pick<Seen, "status" | "members" | "pass">,
  registries: readonly RegistryReached[],
): Netcheck {
  const { listenPort, observers, portMapping, relay } = status.node;
  const usable = pass?.kernel.addresses.usable ?? [];
  const family = (wanted: Family): FamilyCheck => {
    const addresses = usable.filter((address) => familyOf(address) === wanted);
    return { addresses, ...familyCheck(wanted, status, addresses.length > 0) };
  };
  const relays = relaysAmong(status, members);
  return { listenPort, ipv4: family(4), ipv6: family(6), observers, portMapping, registries, relay, relays };
}

/** What passes in a family; a node without an address in it cannot ask anybody there. */
function familyCheck(
  family: Family,
  { node, peers }: Status,
  canAsk: boolean,
): Omit<FamilyCheck, "addresses"> {
  const isOfFamily = (endpoint: Endpoint | undefined): endpoint is Endpoint =>
    endpoint !== undefined && familyOf(endpointAddress(endpoint)) === family;
  const seen = node.observers.filter(({ endpoint }) => isOfFamily(endpoint));
  const answer = seen.some(({ by, problem }) => by === "server" && problem === undefined);
  const isReached = peers.some(
    ({ state, suspected, endpoint, way }) =>
      state === "up" && !suspected && way?.kind !== "carried" && isOfFamily(endpoint),
  );
  const isAsked =
    node.observers.some(({ problem }) => problem !== undefined) ||
    peers.some(({ asked, candidates }) => asked > 0 && candidates.some((each) => isOfFamily(each.endpoint)));
  const nat = node.nat[family === 4 ? "ipv4" : "ipv6"];
  return {
    udp: answer || isReached ? "works" : canAsk && isAsked ? "blocked" : "unknown",
    ...(nat && { nat }),
    seenAt: [...new Set(seen.flatMap(({ endpoint }) => endpoint ?? []))],
  };
}

const relaysAmong = ({ peers }: Status, members: Members): Netcheck["relays"] =>
  peers.flatMap(({ nodeId, label, state, endpoint, roundTrips }) => {
    if (!members.get(nodeId)?.claim.membership?.relays) return [];
    const roundTripMs = endpoint === undefined ? undefined : roundTrips[endpoint];
    return { label, state, ...(roundTripMs !== undefined && { roundTripMs }) };
  });
