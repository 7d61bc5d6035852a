import type { Netcheck, RegistryReached } from "../api/index.ts";
import { errorText } from "../base/index.ts";
import { connectTime } from "../discovery/effects/index.ts";
import type { RegistryState } from "../discovery/index.ts";
import { parseAddress } from "../net/index.ts";
import { netcheckOf, type Seen } from "../resources/index.ts";
import { within } from "../system/index.ts";

/** The milliseconds within which everybody who is asked answers. An operator gets all of it within a second. */
const answersMs = 700;

/** Asks those outside at which endpoints they see this node, and how far the registries are, all at the same time. */
export async function askNet(
  hearStun: () => Promise<void>,
  states: readonly RegistryState[],
  seen: () => Seen,
): Promise<Netcheck> {
  const [registries] = await Promise.all([
    Promise.all(states.filter(({ phase }) => phase !== "cached").map(reach)),
    within(hearStun(), answersMs),
  ]);
  return netcheckOf(seen(), registries);
}

/** Measures a connection to a registry. Never rejects. Which address a proxy reaches is not known here. */
async function reach({ name, location, phase, reachedAt }: RegistryState): Promise<RegistryReached> {
  const facts = { name, location, phase };
  const url = URL.parse(location);
  const address = reachedAt ?? parseAddress(url?.hostname.replace(/^\[|\]$/g, "") ?? "");
  if (!url || address === undefined)
    return { ...facts, problem: "its address is not known: nothing leads there, or a proxy does" };
  try {
    const ms = await connectTime(address, portOf(url), answersMs);
    return { ...facts, address, connectMs: Math.round(ms * 10) / 10 };
  } catch (error) {
    return { ...facts, address, problem: errorText(error) };
  }
}

/** The port in a URL, which leaves out the one that its scheme has anyway. */
const portOf = ({ port, protocol }: URL): number =>
  port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
