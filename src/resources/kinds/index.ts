/** The kinds of resources, each in a file of its own. A new kind is a file and a line here. */
import type { Kind } from "../kind.ts";
import { affiliates } from "./affiliate.ts";
import { candidates } from "./candidate.ts";
import { configs } from "./config.ts";
import { conflicts } from "./conflict.ts";
import { definitionsOf } from "./definition.ts";
import { events } from "./event.ts";
import { evictions } from "./eviction.ts";
import { identities } from "./identity.ts";
import { kubespanEndpoints } from "./kubespan-endpoint.ts";
import { kubespanIdentities } from "./kubespan-identity.ts";
import { members } from "./member.ts";
import { peerSpecs } from "./peer-spec.ts";
import { peerStatuses } from "./peer-status.ts";
import { plans } from "./plan.ts";
import { rawAffiliates, talosRawAffiliates } from "./raw-affiliate.ts";
import { registries } from "./registry.ts";
import { rules } from "./rule.ts";
import { targets } from "./target.ts";

const described: readonly Kind[] = [
  affiliates,
  rawAffiliates,
  talosRawAffiliates,
  candidates,
  configs,
  conflicts,
  events,
  evictions,
  identities,
  kubespanEndpoints,
  kubespanIdentities,
  peerSpecs,
  peerStatuses,
  members,
  plans,
  registries,
  rules,
  targets,
];

export const resourceKinds: readonly Kind[] = [...described, definitionsOf(described)];
