import { type Endpoint, endpointAddress, endpointPort } from "../net/index.ts";

/** A path through a mapping of another port of this node: WireGuard's packets for the endpoint leave from that port. */
interface GuessedPath {
  readonly endpoint: Endpoint;
  readonly port: number;
}

/** What guessing needs of the table. */
export interface Guessing {
  readonly paths: readonly GuessedPath[];
  /** The endpoint to which sockets of this node open mappings; IPv4, like all that is guessed. */
  readonly opening?: Endpoint | undefined;
}

export const noGuessing: Guessing = { paths: [] };

const to = (endpoint: Endpoint): string =>
  `ip daddr ${endpointAddress(endpoint)} udp dport ${endpointPort(endpoint)}`;

/** The rules for packets on their way out, after those that give our own packets WireGuard's port. */
export const leavingRules = ({ paths }: Guessing, listenPort: number): readonly string[] =>
  paths.map(({ endpoint, port }) => `udp sport ${listenPort} ${to(endpoint)} udp sport set ${port}`);

/** The rules for packets on their way in, before those that take our answers out of WireGuard's port. */
export const arrivingRules = ({ paths }: Guessing, listenPort: number): readonly string[] =>
  paths.map(
    ({ endpoint, port }) =>
      `ip saddr ${endpointAddress(endpoint)} udp sport ${endpointPort(endpoint)} udp dport ${port} udp dport set ${listenPort}`,
  );

/** The rule that gives packets that open mappings WireGuard's mark. `message` matches what they hold. */
export const openingRules = (
  { opening }: Guessing,
  { userId, message, mark }: { readonly userId: number; readonly message: string; readonly mark: string },
): readonly string[] =>
  opening === undefined ? [] : [`${to(opening)} meta skuid ${userId} ${message} ${mark}`];
