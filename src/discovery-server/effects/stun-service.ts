import { createSocket, type RemoteInfo } from "node:dgram";
import { once } from "node:events";
import type { Logger } from "pino";
import { errorText } from "../../base/index.ts";
import { endpointOf, hostPortText, parseAddress } from "../../net/index.ts";
import { bindingAnswer } from "../../stun/index.ts";
import { holderOf } from "../client-address.ts";
import { type Rate, RateLimit } from "../rate-limit.ts";

interface StunOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** The rates of answers to one address, and to all. */
  readonly bounds: StunBounds;
  readonly log: Logger;
}

export interface StunBounds {
  readonly perAddress: Rate;
  readonly total: Rate;
}

export interface StunService {
  /** The number of requests that were answered, and of packets that were not. */
  readonly figures: { readonly stunAnswered: number; readonly stunIgnored: number };
  close(): Promise<void>;
}

/**
 * Answers STUN over UDP. It is `undefined` where the port cannot be had, since the service does its work without it; the
 * log says so.
 */
export async function openStunService({
  listen,
  bounds,
  log,
}: StunOptions): Promise<StunService | undefined> {
  const socket = createSocket(listen.host.includes(":") ? "udp6" : "udp4");
  socket.bind(listen.port, listen.host);
  try {
    await once(socket, "listening");
  } catch (error) {
    socket.close();
    log.warn(
      `STUN is not answered: UDP at ${hostPortText(listen)} cannot be had: ${errorText(error)}; nodes behind NATs do not ` +
        "learn their port here; --no-stun says that this is meant",
    );
    return undefined;
  }
  const [perAddress, total] = [new RateLimit(bounds.perAddress), new RateLimit(bounds.total)];
  const figures = { stunAnswered: 0, stunIgnored: 0 };
  const mayAnswer = (holder: string): boolean => {
    const now = performance.now();
    return perAddress.take(holder, now) && total.take("all", now);
  };
  socket.on("error", () => undefined); // an error concerns one packet
  socket.on("message", (packet: Buffer, info: RemoteInfo) => {
    const address = parseAddress(info.address); // a link-local sender has a zone: nobody is told that address
    const from = address && endpointOf(address, info.port);
    const answer = from && bindingAnswer(packet, from);
    if (!address || !answer || !mayAnswer(holderOf(address))) {
      figures.stunIgnored++;
      return;
    }
    figures.stunAnswered++;
    socket.send(answer, info.port, info.address, () => undefined); // whoever gets no answer asks again
  });
  return {
    figures,
    close: async () => {
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  };
}
