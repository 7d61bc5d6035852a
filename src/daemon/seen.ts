import type { Status } from "../api/index.ts";
import type { Seen } from "../resources/index.ts";
import type { MeshParts, Pass } from "./mesh-parts.ts";

/** Gathers what a mesh has seen, without asking anybody. The status is made when a resource needs it. */
export function seenOf(
  { self, membership, registries, config }: MeshParts,
  last: Pass | undefined,
  planned: Seen["planned"],
  report: () => Status,
): Omit<Seen, "events"> {
  let status: Status | undefined;
  return {
    get status() {
      status ??= report();
      return status;
    },
    config,
    self,
    members: membership.members,
    evictions: membership.evictions.all,
    raw: registries.raw(),
    ...(last && { pass: last }),
    planned,
  };
}
