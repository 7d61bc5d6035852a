import type { Endpoint } from "../net/index.ts";
import type { Connection } from "./connection.ts";

/**
 * The connection of a peer that has just become reachable at one of its candidates. That is news: the next probe waits for
 * nothing that was before.
 */
export function withOpened(connection: Connection, endpoint: Endpoint): Connection {
  if (connection.phase !== "up" || !connection.path) return connection;
  const { probedAt: _, movedAt: __, ...path } = connection.path;
  const known = path.known.filter((each) => each !== endpoint);
  return { ...connection, path: { ...path, known, probes: 0 } };
}
