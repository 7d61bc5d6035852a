import { status } from "@grpc/grpc-js";
import { CarryRequest, RelayService } from "../../discovery/wire/index.ts";
import { carriageLimits } from "../../stream/index.ts";
import { malformed, type Refusal } from "../refusal.ts";
import { type OpeningRequest, openingRefusal, packetsRefusal } from "../relay-requests.ts";
import type { Call } from "./call.ts";
import { CallFailure } from "./call-failure.ts";
import type { Carrier } from "./carrier.ts";
import type { Carriers } from "./carriers.ts";
import type { StreamHandler } from "./grpc-server.ts";
import { admission, decoded, isRefusal, type Service } from "./handlers.ts";

interface RelayParts extends Pick<Service, "store" | "trust" | "rateLimit" | "onAnswer"> {
  readonly carriers: Carriers;
  /** The time within which the opening has to arrive. */
  readonly requestMs: number;
  /** Told which connection sent what no honest client sends. */
  readonly onRefused: (peer: string) => void;
}

/** The handler of streams of packets, by path. */
export const relayHandlers = (service: RelayParts): ReadonlyMap<string, StreamHandler> =>
  new Map([[RelayService.carry.path, (call, arrived) => carry(service, call, arrived)]]);

function carry(service: RelayParts, call: Call, arrived: () => void): void {
  const since = performance.now();
  let carrier: Carrier | undefined;
  const late = setTimeout(
    () => call.end(status.DEADLINE_EXCEEDED, "the opening took too long"),
    service.requestMs,
  );
  call.onClose(() => clearTimeout(late));
  const refused = ({ refused: code, reason }: Refusal): CallFailure => {
    service.onRefused(call.caller.peer);
    return new CallFailure(status[code], reason);
  };
  const take = (bytes: Buffer): number => {
    const message = decoded((each) => CarryRequest.decode(each), bytes);
    if (isRefusal(message)) throw refused(message);
    const { opening, packets } = message;
    if (carrier) {
      const refusal = packetsRefusal(packets, opening !== undefined);
      if (refusal) throw refused(refusal);
      return service.carriers.take(carrier, packets);
    }
    clearTimeout(late);
    arrived();
    const opened = opening ? open(service, call, opening) : malformed("the first message opens no stream");
    service.onAnswer(
      "Carry",
      isRefusal(opened) ? status[opened.refused] : status.OK,
      performance.now() - since,
    );
    if (isRefusal(opened)) throw refused(opened);
    carrier = opened;
    return 0;
  };
  call.follow(carriageLimits.mostMessageBytes, take, () => call.end(status.OK));
}

/** Opens a stream for an affiliate that the service knows in the cluster. */
function open(service: RelayParts, call: Call, opening: OpeningRequest): Carrier | Refusal {
  const { clusterId, affiliateId, room } = opening;
  const refusal = admission(service, call.caller, clusterId) ?? openingRefusal(opening);
  if (refusal) return refusal;
  if (!service.store.snapshot(clusterId).some(({ id }) => id === affiliateId))
    return { refused: "UNAVAILABLE", reason: "the affiliate is not known here yet: update it first" };
  const name = `${Buffer.from(room).toString("base64")} ${clusterId}`;
  return service.carriers.add(call, affiliateId, name);
}
