/** The state that a browser is shown. Times are milliseconds since 1970, so that a row of which nothing changed stays equal. */
export interface PageState extends Rows {
  readonly node: NodeView;
}

/** The lists of the page. Each row has an id that no other of its list has at the time. */
export interface Rows {
  readonly peers: readonly PeerRow[];
  readonly registries: readonly RegistryRow[];
  readonly events: readonly EventRow[];
  readonly repairs: readonly CountRow[];
  readonly warnings: readonly WarningRow[];
}

export interface NodeView {
  readonly name: string;
  readonly address: string;
  readonly interfaceName: string;
  readonly work: string;
  /** The reason why the mesh is not maintained; absent while it is. */
  readonly why?: string;
}

/** The ways in which packets reach a peer; `none` while they do not. */
export type WayName = "direct" | "mapped" | "guessed" | "relayed" | "carried" | "none";

export interface PeerRow {
  readonly id: string;
  readonly name: string;
  readonly state: "up" | "suspected" | "down" | "unknown";
  readonly way: WayName;
  /** The member or the service that passes the packets on. */
  readonly via?: string;
  readonly endpoint?: string;
  readonly address: string;
  /** The network in which the peer is found, which is taken for its site. */
  readonly site: string;
  /** The milliseconds of a round trip to the endpoint in use, as far as a race measured it. */
  readonly roundTrip?: number;
  readonly since: number;
  readonly handshakeAt?: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** What is wrong, and what may be done about it. */
  readonly trouble?: string;
}

export interface RegistryRow {
  readonly id: string;
  readonly phase: string;
  readonly affiliates: number;
  readonly location: string;
  readonly error?: string;
}

export interface EventRow {
  readonly id: string;
  readonly at: number;
  readonly level: string;
  readonly text: string;
}

export interface CountRow {
  readonly id: string;
  readonly count: number;
}

export interface WarningRow {
  readonly id: string;
  readonly who: string;
  readonly what: string;
}

/** What happened to one list: rows that came or changed, and the ids of those that went. */
export interface Changed<Row> {
  readonly rows?: readonly Row[];
  readonly gone?: readonly string[];
}

/** What a browser does not know yet. Lists of which nothing changed are absent. */
export type PageNews = { readonly [List in keyof Rows]?: Changed<Rows[List][number]> } & {
  readonly node?: NodeView;
  /** Whether this is everything, in place of what was known before. */
  readonly begins?: true;
};
