import type { Process, StatusView } from "../mesh/index.ts";
import type { Counted } from "../nftables/index.ts";
import { portMappingOff } from "../port-mapping/index.ts";
import type { Engine } from "../wireguard/index.ts";
import type { MeshParts, Pass } from "./mesh-parts.ts";
import type { Outcome } from "./outcome.ts";
import type { Ways } from "./ways.ts";

/** What the kernel and the process tell at the moment of a question, beside what the last pass has seen. */
interface Moment {
  readonly counted: Counted;
  readonly engine: Engine | undefined;
  readonly process: Process;
}

/** The parts of a status that no decision depends on. */
export const viewOf = (
  {
    repairs,
    membership,
    portMapper,
    owner,
    barrier,
  }: Pick<MeshParts, "repairs" | "membership" | "portMapper" | "owner" | "barrier">,
  { racing, relaying }: Ways,
  last: Pass | undefined,
  { failure }: Outcome,
  moment: Moment,
): StatusView => ({
  ...moment,
  last,
  error: failure?.error,
  racing: racing.report(),
  relay: relaying.report(),
  portMapping: portMapper?.report ?? portMappingOff,
  settings: repairs.unset,
  repairs: repairs.counts,
  protection: { table: owner.ownership === "ours" ? "owned" : "shared", links: barrier.state },
  membership,
});
