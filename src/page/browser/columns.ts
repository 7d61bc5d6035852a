import type { CountRow, EventRow, PeerRow, RegistryRow, Rows, WarningRow } from "../wire.ts";
import { ageText, bytesText, momentText, roundTripText } from "./words.ts";

/** One column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row, now: number) => string;
  /** What the rows are sorted by; absent for the text. */
  readonly order?: (row: Row) => number | string;
  /** The classes of its cells, besides what `state` gives. */
  readonly look?: "number" | "long";
  /** The class that colours a cell. */
  readonly state?: (row: Row) => string;
}

/** One table of the page. The first column names the row. */
export interface TableForm<Row> {
  readonly name: keyof Rows;
  readonly title: string;
  readonly columns: readonly Column<Row>[];
  /** The column by which it is sorted at first, and in which direction. */
  readonly sortedBy: number;
  readonly isDescending?: boolean;
}

/** Troubled peers come first. */
const stateOrder = { down: 0, suspected: 1, unknown: 2, up: 3 } as const;

const wayText = ({ way, via }: PeerRow): string => (via === undefined ? way : `${way} via ${via}`);

const peers: TableForm<PeerRow> = {
  name: "peers",
  title: "Peers",
  sortedBy: 1,
  columns: [
    { title: "Name", text: ({ name }) => name },
    {
      title: "State",
      text: ({ state }) => state,
      order: ({ state }) => stateOrder[state],
      state: ({ state }) => state,
    },
    { title: "Way", text: wayText, state: ({ way }) => way },
    { title: "What is wrong", text: ({ trouble = "" }) => trouble, look: "long" },
    {
      title: "Round trip",
      text: ({ roundTrip }) => roundTripText(roundTrip),
      order: ({ roundTrip = Number.POSITIVE_INFINITY }) => roundTrip,
      look: "number",
    },
    {
      title: "Since",
      text: ({ since }, now) => ageText(since, now),
      order: ({ since }) => -since,
      look: "number",
    },
    {
      title: "Handshake",
      text: ({ handshakeAt }, now) => ageText(handshakeAt, now),
      order: ({ handshakeAt = 0 }) => -handshakeAt,
      look: "number",
    },
    {
      title: "Received",
      text: ({ receivedBytes }) => bytesText(receivedBytes),
      order: ({ receivedBytes }) => receivedBytes,
      look: "number",
    },
    {
      title: "Sent",
      text: ({ sentBytes }) => bytesText(sentBytes),
      order: ({ sentBytes }) => sentBytes,
      look: "number",
    },
    { title: "Site", text: ({ site }) => site },
    { title: "Endpoint", text: ({ endpoint = "" }) => endpoint },
    { title: "Address", text: ({ address }) => address },
  ],
};

const registries: TableForm<RegistryRow> = {
  name: "registries",
  title: "Registries",
  sortedBy: 0,
  columns: [
    { title: "Name", text: ({ id }) => id },
    { title: "State", text: ({ phase }) => phase, state: ({ phase }) => phase },
    {
      title: "Nodes",
      text: ({ affiliates }) => String(affiliates),
      order: ({ affiliates }) => affiliates,
      look: "number",
    },
    { title: "Location", text: ({ location }) => location },
    { title: "Error", text: ({ error = "" }) => error, look: "long" },
  ],
};

const events: TableForm<EventRow> = {
  name: "events",
  title: "Events",
  sortedBy: 0,
  isDescending: true,
  columns: [
    { title: "Time", text: ({ at }, now) => momentText(at, now), order: ({ id }) => Number(id) },
    { title: "Level", text: ({ level }) => level, state: ({ level }) => level },
    { title: "Event", text: ({ text }) => text, look: "long" },
  ],
};

const repairs: TableForm<CountRow> = {
  name: "repairs",
  title: "Repairs",
  sortedBy: 0,
  columns: [
    { title: "Part", text: ({ id }) => id },
    { title: "Restored", text: ({ count }) => String(count), order: ({ count }) => count, look: "number" },
  ],
};

const warnings: TableForm<WarningRow> = {
  name: "warnings",
  title: "Warnings",
  sortedBy: 0,
  columns: [
    { title: "Who", text: ({ who }) => who },
    { title: "What", text: ({ what }) => what, look: "long" },
  ],
};

/** All tables of the page, in order. */
export const forms = { peers, warnings, registries, events, repairs } as const;
