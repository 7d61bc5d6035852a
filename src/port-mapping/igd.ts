import { type Address, parseAddress } from "../net/index.ts";
import { urlAt } from "./ssdp.ts";

/** A service of the router that maps ports. */
export interface Control {
  readonly type: string;
  readonly url: URL;
}

/** The answer to an action: the text of its fields, or the code of an error. */
export type ActionAnswer =
  | { readonly kind: "done"; readonly field: (name: string) => string | undefined }
  | { readonly kind: "failed"; readonly code: number };

/** A port of the router that leads to an address inside. */
export interface Entry {
  readonly client: Address | undefined;
  readonly port: number;
}

/** The services that map ports. The second version of the first does all that the first one does. */
const types = ["WANIPConnection:2", "WANIPConnection:1", "WANPPPConnection:1"].map(
  (name) => `urn:schemas-upnp-org:service:${name}`,
);
/** The most services of one router that are asked, and the most that are looked at for those. */
const most = { asked: 3, seen: 64 } as const;

/** The codes of errors that mean something here (WANIPConnection:1, 2.4.16). */
export const errors = { noSuchEntry: 714, conflict: 718, permanentOnly: 725 } as const;

const reasons: Readonly<Record<number, string>> = {
  402: "the request was malformed",
  501: "it failed to do so",
  606: "it is not allowed here",
  716: "it wants to choose the port by itself",
  718: "others have all the ports that were tried",
  724: "it maps only the same port on both sides",
  725: "it gives only mappings that never end",
  728: "it has no room for more mappings",
};

/** The reason for an error in words. */
export const reasonOf = (code: number): string => reasons[code] ?? `it answers with the error ${code}`;

/** Reads the description of a router: the services that map ports, the best first. Never throws. */
export function readControls(xml: string, gateway: Address, location: URL): readonly Control[] {
  const base = fieldOf(xml, "URLBase");
  const from = base === undefined || base === "" ? location : urlAt(base, gateway);
  if (!from) return [];
  const found = xml
    .split("<service>", most.seen)
    .slice(1)
    .flatMap((text): Control[] => {
      const [service = ""] = text.split("</service>", 1);
      const type = fieldOf(service, "serviceType");
      const url = urlAt(fieldOf(service, "controlURL") ?? "", gateway, from);
      return type !== undefined && types.includes(type) && url ? [{ type, url }] : [];
    });
  return found
    .toSorted((one, other) => types.indexOf(one.type) - types.indexOf(other.type))
    .slice(0, most.asked);
}

/** The body of a request for an action. The values are ours, and hold nothing that XML would have to be told. */
export function actionBody(type: string, action: string, values: Readonly<Record<string, string>>): string {
  const fields = Object.entries(values).map(([name, value]) => `<${name}>${value}</${name}>`);
  return (
    '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" ' +
    's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>' +
    `<u:${action} xmlns:u="${type}">${fields.join("")}</u:${action}></s:Body></s:Envelope>`
  );
}

/** Reads the answer to an action; `undefined` for text that is none. */
export function readAnswer(status: number, xml: string, action: string): ActionAnswer | undefined {
  if (status === 200 && xml.includes(`:${action}Response`))
    return { kind: "done", field: (name) => fieldOf(xml, name) };
  const code = Number(fieldOf(xml, "errorCode"));
  return status === 500 && Number.isInteger(code) && code > 0 && code < 1000
    ? { kind: "failed", code }
    : undefined;
}

export const readEntry = (field: (name: string) => string | undefined): Entry => ({
  client: parseAddress(field("NewInternalClient") ?? ""),
  port: Number(field("NewInternalPort")),
});

/**
 * The text of the first element of this name, which holds no others. It takes time in proportion to the text, whatever
 * that is.
 */
function fieldOf(xml: string, name: string): string | undefined {
  const start = new RegExp(`<${name}(?: [^<>]{0,200})?>`).exec(xml);
  if (!start) return undefined;
  const from = start.index + start[0].length;
  const end = xml.indexOf("<", from);
  return end !== -1 && xml.startsWith(`</${name}>`, end)
    ? xml.slice(from, end).trim().replaceAll("&amp;", "&")
    : undefined;
}
