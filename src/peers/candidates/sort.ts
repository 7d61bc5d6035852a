import { type Endpoint, endpointAddress, type LeftOut } from "../../net/index.ts";
import type { CandidateClass, CandidateContext } from "./kind.ts";
import { type CandidateKindName, kinds } from "./kinds.ts";
import { refusals } from "./refusals/index.ts";
import type { StandInKindName } from "./stand-in-kinds.ts";

/** An endpoint at which a peer may be dialled. */
export interface Candidate {
  readonly endpoint: Endpoint;
  readonly kind: CandidateKindName | StandInKindName;
  /** Why it stands where it stands, for an operator. */
  readonly reason: string;
  /** What it is worth, wherever the peer was connected before. */
  readonly class: CandidateClass;
}

/** The endpoints at which a peer may be dialled, and those at which it is not. */
export interface Candidates {
  /** The candidates, best first. */
  readonly candidates: readonly Candidate[];
  /** Those of the candidates. The array is made once, so what is known of a peer is compared by its identity. */
  readonly endpoints: readonly Endpoint[];
  /** Endpoints that are never dialled, and why, in the order in which they are announced. */
  readonly refusedCandidates: readonly LeftOut[];
}

/** Splits a peer's endpoints into those worth dialling, best first, and the others; all with reasons. */
export function sortCandidates(announced: readonly Endpoint[], context: CandidateContext): Candidates {
  const added = kinds.flatMap((kind) => kind.adds?.(context) ?? []);
  const all = [...new Set([...announced, ...added])];
  const refused = refusals(all, context);
  const placed = all.flatMap((endpoint) =>
    refused.has(endpoint) ? [] : (candidateOf(endpoint, context) ?? []),
  );
  placed.sort((left, right) => left.place - right.place || left.rank - right.rank);
  const candidates = placed.map(({ candidate }) => candidate);
  return {
    candidates,
    endpoints: candidates.map(({ endpoint }) => endpoint),
    refusedCandidates: all.flatMap((value) => {
      const reason = refused.get(value);
      return reason === undefined ? [] : { value, reason };
    }),
  };
}

interface Placed {
  readonly candidate: Candidate;
  readonly place: number;
  readonly rank: number;
}

/** Every address is private or of one of the two families, so every endpoint is of some kind. */
function candidateOf(endpoint: Endpoint, context: CandidateContext): Placed | undefined {
  const subject = { endpoint, address: endpointAddress(endpoint) };
  let first: Omit<Candidate, "class"> | undefined;
  let [place, rank] = [0, 0];
  for (const kind of kinds) {
    const recognition = kind.recognize(subject, context);
    if (!recognition) continue;
    if (!first) {
      first = { endpoint, kind: kind.name, reason: recognition.reason };
      [place, rank] = [kind.place, recognition.rank ?? 0];
    }
    if (kind.class !== "next") return { candidate: { ...first, class: kind.class }, place, rank };
  }
  return undefined;
}
