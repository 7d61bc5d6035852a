import {
  type Endpoint,
  endpointAddress,
  type HostPort,
  parseEndpoint,
  parseHostPort,
  unreachableKind,
} from "../net/index.ts";
import { parsedText } from "./fields.ts";

/** An endpoint that Talos takes and announces although no other node can dial it. */
export interface Undialled {
  readonly undialled: string;
}

/** Accepts what Talos does, and names; what no other node can dial is named and not announced. */
export const extraEndpoint = parsedText(
  "an address or host name, and a port, such as 192.0.2.1:51820, [2001:db8::1]:51820 or home.example.org:51820",
  (text): Endpoint | HostPort | Undialled | undefined => {
    const endpoint = parseEndpoint(text);
    const kind = endpoint && unreachableKind(endpointAddress(endpoint));
    if (kind !== undefined) return { undialled: kind };
    return endpoint ?? parseHostPort(text) ?? undialled(text);
  },
);

/** What is an address with a port for Talos' reader, but none that a packet can be sent to from elsewhere. */
function undialled(text: string): Undialled | undefined {
  const [, address, zone, port] = /^(\[[^\]%]+(?:%([^\]]+))?\]|[\d.]+):(\d{1,5})$/.exec(text) ?? [];
  if (address === undefined || port === undefined) return undefined;
  const plain = zone === undefined ? address : address.replace(`%${zone}`, "");
  if (parseEndpoint(`${plain}:${Number(port) === 0 ? 1 : port}`) === undefined) return undefined;
  return { undialled: zone === undefined ? "without a port" : "an address of one link only" };
}

export const isUndialled = (extra: Endpoint | HostPort | Undialled): extra is Undialled =>
  typeof extra !== "string" && "undialled" in extra;
