import type { FamilyCheck, Netcheck } from "../api/index.ts";
import { age } from "../base/index.ts";
import { factsText, fittingTable } from "./render.ts";

/** What `kubespan netcheck` prints on a terminal. */
export function netcheckText(found: Netcheck): string {
  const { observers, registries, relays } = found;
  const sections = [
    factsText([
      ["IPv4", familyText(found.ipv4)],
      ["IPv6", familyText(found.ipv6)],
      ["port", String(found.listenPort)],
      ["mapping", mappingText(found.portMapping)],
      ["relaying", relayText(found.relay)],
    ]),
    table(
      ["OBSERVER", "SEES THIS NODE AT", "SEEN", "PROBLEM"],
      observers.map(({ observer, endpoint, ageSeconds, problem }) => [
        observer,
        endpoint ?? "-",
        ageSeconds === undefined ? "never" : age(ageSeconds),
        problem ?? "-",
      ]),
    ),
    table(
      ["REGISTRY", "STATE", "CONNECT", "LOCATION", "PROBLEM"],
      registries.map(({ name, phase, connectMs, location, problem }) => [
        name,
        phase,
        timeText(connectMs),
        location,
        problem ?? "-",
      ]),
    ),
    table(
      ["RELAY", "STATE", "ROUND TRIP"],
      relays.map(({ label, state, roundTripMs }) => [label, state, timeText(roundTripMs)]),
    ),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  rows.length === 0 ? "" : fittingTable(head, rows);

const timeText = (ms: number | undefined): string => (ms === undefined ? "-" : `${ms.toFixed(1)} ms`);

const udpTexts: Readonly<Record<FamilyCheck["udp"], string>> = {
  works: "UDP works",
  blocked: "no UDP packet comes back: let UDP out of this node and its answers in",
  unknown: "nobody can be asked whether UDP works",
};

const natTexts: Readonly<Record<NonNullable<FamilyCheck["nat"]>, string>> = {
  none: "no NAT",
  "port-keeping": "a NAT that keeps the port",
  symmetric: "a NAT with another port for each destination",
  unknown: "a NAT of unknown kind (two observers can tell)",
};

function familyText({ addresses, udp, nat, seenAt }: FamilyCheck): string {
  if (addresses.length === 0 && udp !== "works") return "no address";
  const at = seenAt.length === 0 ? [] : [`seen at ${seenAt.join(", ")}`];
  return [udpTexts[udp], ...(nat ? [natTexts[nat]] : []), ...at].join("; ");
}

const mappingText = (mapping: Netcheck["portMapping"]): string =>
  mapping.state === "held"
    ? `${mapping.external} by ${mapping.gateway} (${mapping.protocol}), for ${age(mapping.expiresInSeconds)}`
    : `none${mapping.gateway === undefined ? "" : ` by ${mapping.gateway}`}: ${mapping.why}`;

const relayText = ({ serves, reason, pairs }: Netcheck["relay"]): string =>
  serves ? `for others, ${pairs} pairs at the moment` : `not for others: ${reason ?? "it is off"}`;
