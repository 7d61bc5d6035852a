import { createSocket } from "node:dgram";
import { once } from "node:events";
import { pause } from "../../discovery/effects/index.ts";
import { type Address, parseAddress, unreachableKind } from "../../net/index.ts";
import type { MapAnswer, Wish } from "../answer.ts";
import {
  type ActionAnswer,
  actionBody,
  type Control,
  errors,
  readAnswer,
  readControls,
  readEntry,
  reasonOf,
} from "../igd.ts";
import { readLocation, searches, ssdp } from "../ssdp.ts";
import { askByHttp } from "./http.ts";

interface AskingUpnp {
  readonly gateway: Address;
  /** The address of this node that the gateway sees. */
  readonly own: Address;
  readonly wish: Wish;
  /** What other outer ports are chosen by, where the wished one is somebody else's: the same ones after a restart. */
  readonly nonce: Uint8Array;
  readonly signal: AbortSignal;
  /** The port at which gateways answer searches, unless it is the usual one. */
  readonly searchPort?: number;
}

type Act = (action: string, values?: Readonly<Record<string, string>>) => Promise<ActionAnswer | undefined>;

/** The milliseconds to wait for an answer to each search; the answer may take one second (MX). */
const triesMs = [1_200, 1_800] as const;
/** The number of outer ports that are tried beside the wished one. */
const otherPorts = 4;

/** Asks a gateway for a mapping by UPnP-IGD, or for its end; `undefined` if it does not answer that. Throws where no search can be sent. */
export async function askByUpnp(asking: AskingUpnp): Promise<MapAnswer | undefined> {
  const { gateway, wish, signal } = asking;
  const location = await findLocation(asking);
  const described = location && (await askByHttp({ url: location, signal }));
  if (!location || described?.status !== 200) return undefined;
  for (const control of readControls(described.text, gateway, location)) {
    const act = actOf(control, signal);
    const seen = await act("GetExternalIPAddress");
    const address =
      seen?.kind === "done" ? parseAddress(seen.field("NewExternalIPAddress") ?? "") : undefined;
    // A router with two ways out names both, and has an address at the one that is in use.
    if (address === undefined || unreachableKind(address) !== undefined) continue;
    return wish.lifetimeSeconds === 0 ? end(act, asking) : map(act, asking, address);
  }
  return undefined;
}

/** The outer ports that are tried, one after the other. */
function portsOf({ wish, nonce }: AskingUpnp): readonly number[] {
  const bytes = Buffer.from(nonce);
  const others = Array.from(
    { length: otherPorts },
    (_, at) => 0xc0_00 + (bytes.readUInt16BE(2 * at) & 0x3f_ff),
  );
  return [...new Set([wish.externalPort, wish.internalPort, ...others])];
}

async function map(act: Act, asking: AskingUpnp, address: Address): Promise<MapAnswer | undefined> {
  const { own, wish } = asking;
  let code: number = errors.conflict;
  for (const port of portsOf(asking)) {
    const answer = await act("AddPortMapping", {
      NewRemoteHost: "",
      NewExternalPort: `${port}`,
      NewProtocol: "UDP",
      NewInternalPort: `${wish.internalPort}`,
      NewInternalClient: own,
      NewEnabled: "1",
      NewPortMappingDescription: "kubespan",
      NewLeaseDuration: `${wish.lifetimeSeconds}`,
    });
    if (!answer) return undefined;
    if (answer.kind === "done")
      return { kind: "mapped", port, address, lifetimeSeconds: wish.lifetimeSeconds };
    ({ code } = answer);
    if (code !== errors.conflict) break;
  }
  return { kind: "refused", why: reasonOf(code) };
}

/** Ends what leads to this node's port, and nothing else: not every router asks who wants to end a mapping. */
async function end(act: Act, asking: AskingUpnp): Promise<MapAnswer | undefined> {
  const { own, wish } = asking;
  for (const port of portsOf(asking)) {
    const values = { NewRemoteHost: "", NewExternalPort: `${port}`, NewProtocol: "UDP" };
    const known = await act("GetSpecificPortMappingEntry", values);
    if (known?.kind !== "done") continue;
    const entry = readEntry(known.field);
    if (entry.client !== own || entry.port !== wish.internalPort) continue;
    await act("DeletePortMapping", values);
    return { kind: "mapped", port, lifetimeSeconds: 0 };
  }
  return undefined;
}

const actOf =
  ({ type, url }: Control, signal: AbortSignal): Act =>
  async (action, values = {}) => {
    const post = { action: `${type}#${action}`, body: actionBody(type, action, values) };
    const answer = await askByHttp({ url, signal, post });
    return answer && readAnswer(answer.status, answer.text, action);
  };

/**
 * Searches at the gateway itself and, as old routers answer only to that, on its link. What comes from another address
 * than the gateway's is ignored.
 */
async function findLocation({
  gateway,
  own,
  signal,
  searchPort = ssdp.port,
}: AskingUpnp): Promise<URL | undefined> {
  const socket = createSocket("udp4");
  const found = new AbortController();
  let location: URL | undefined;
  socket.on("error", () => undefined);
  socket.on("message", (packet, from) => {
    if (from.address === gateway) location ??= readLocation(packet, gateway);
    if (location) found.abort();
  });
  try {
    socket.bind(0, own);
    await once(socket, "listening");
    socket.setMulticastInterface(own);
    socket.setMulticastTTL(2);
    const over = AbortSignal.any([found.signal, signal]);
    for (const waitMs of triesMs) {
      if (over.aborted) break;
      for (const host of [gateway, ssdp.group])
        for (const packet of searches(host)) socket.send(packet, searchPort, host, () => undefined);
      await pause(waitMs, over);
    }
    return location;
  } finally {
    socket.close();
  }
}
