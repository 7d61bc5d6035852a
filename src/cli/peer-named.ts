import { type PeerReport, peersNamed, type Status } from "../api/index.ts";
import { KubespanError, printable, shortList } from "../base/index.ts";

/** The one peer that an operator means. */
export function peerNamed({ peers }: Pick<Status, "peers">, name: string): PeerReport {
  const found = peersNamed(peers, name);
  const [peer, another] = found;
  if (peer && !another) return peer;
  const shown = printable(name, 100);
  throw new KubespanError("usage", `${another ? "more than one peer goes" : "no peer goes"} by ${shown}`, {
    hint: another
      ? `name one by its node id: ${shortList(
          found.map(({ nodeId }) => nodeId),
          5,
        )}`
      : "'kubespan status' lists the peers, and what is refused",
  });
}
