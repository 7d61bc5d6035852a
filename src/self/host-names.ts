import { type Endpoint, type HostPort, hostPortText, type LeftOut } from "../net/index.ts";

/** The present answer about a host name under which this node can be reached, such as that of a DynDNS service. */
export interface HostNameAnswer extends HostPort {
  /** The endpoints that the name led to when it was last found, in order. */
  readonly endpoints: readonly Endpoint[];
  /** The reason why the last question gave nothing that can be announced; absent if it did. */
  readonly problem?: string;
}

/** What of the host names is announced, and what is not, with the reasons. */
export const announcedNames = (
  answers: readonly HostNameAnswer[],
): { readonly endpoints: readonly Endpoint[]; readonly leftOut: readonly LeftOut[] } => ({
  endpoints: answers.flatMap(({ endpoints }) => endpoints),
  leftOut: answers.flatMap(({ problem, endpoints, ...name }) => {
    if (problem === undefined) return [];
    const reason = endpoints.length === 0 ? problem : `${problem}; ${endpoints.join(", ")} stays announced`;
    return { value: `endpoint ${hostPortText(name)}`, reason };
  }),
});
