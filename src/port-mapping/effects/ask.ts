import type { Address } from "../../net/index.ts";
import type { MapAnswer, Wish } from "../answer.ts";
import type { Protocol } from "../lease.ts";
import { addressRequest, mapRequest as natPmpRequest, readAddressAnswer, readMapAnswer } from "../nat-pmp.ts";
import { mapRequest as pcpRequest, readMapAnswer as readPcpAnswer } from "../pcp.ts";
import { Conversation } from "./conversation.ts";
import { askByUpnp } from "./upnp.ts";

/** The port at which gateways answer PCP and NAT-PMP. */
const gatewayPort = 5351;

interface Outcome {
  readonly protocol: Protocol;
  readonly answer: MapAnswer;
}

interface Asking {
  readonly gateway: Address;
  readonly wish: Wish;
  readonly nonce: Uint8Array;
  readonly signal: AbortSignal;
  /** The port of the gateway, unless it is the usual one. */
  readonly port?: number;
  /** The port at which it answers searches of UPnP, unless it is the usual one. */
  readonly searchPort?: number;
}

/**
 * Asks a gateway for a mapping: by PCP, by NAT-PMP if it does not know that, and by UPnP-IGD if it knows neither. It is
 * `undefined` if the gateway is silent, and `"public"` if this node has a public address there, and nothing was asked.
 */
export async function askForMapping(asking: Asking): Promise<Outcome | undefined | "public"> {
  const { gateway, wish, signal, port = gatewayPort } = asking;
  const talk = await Conversation.open(gateway, port, signal);
  try {
    if (!talk.isPrivate && port === gatewayPort) return "public";
    const upnp = async (): Promise<Outcome | undefined> => {
      const answer = await askByUpnp({ ...asking, own: talk.own }).catch(() => undefined);
      return answer && { protocol: "UPnP-IGD", answer };
    };
    // Who ends a mapping waits for that, and may not know by which protocol it was made.
    const ended = wish.lifetimeSeconds === 0 ? upnp() : undefined;
    const outcome = await byPort(talk, asking);
    if (ended) return (await ended) ?? outcome;
    if (outcome && outcome.answer.kind !== "unknown version") return outcome;
    return (await upnp()) ?? outcome;
  } finally {
    talk.close();
  }
}

async function byPort(talk: Conversation, { wish, nonce }: Asking): Promise<Outcome | undefined> {
  const { internalPort } = wish;
  const answer = await talk.ask(pcpRequest(wish, talk.own, nonce), (packet) =>
    readPcpAnswer(packet, internalPort, nonce),
  );
  if (answer && answer.kind !== "unknown version") return { protocol: "PCP", answer };
  // A router that drops what it does not know has had time enough: one try tells whether it knows the older protocol.
  return await byNatPmp(talk, wish);
}

async function byNatPmp(talk: Conversation, wish: Wish): Promise<Outcome | undefined> {
  const answer = await talk.ask(natPmpRequest(wish), (packet) => readMapAnswer(packet, wish.internalPort));
  if (answer?.kind !== "mapped" || wish.lifetimeSeconds === 0)
    return answer && { protocol: "NAT-PMP", answer };
  const address = await talk.ask(addressRequest(), readAddressAnswer);
  return { protocol: "NAT-PMP", answer: { ...answer, ...(address && { address }) } };
}
