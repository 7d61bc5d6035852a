import { type Link, tooLargePodLinks } from "../routing/index.ts";
import type { Warning } from "./warning.ts";

/** The warnings about links of pods whose MTU is too large for the mesh. */
export const podLinkWarnings = (links: readonly Link[], mtu: number): Warning[] =>
  tooLargePodLinks(links, mtu).map(({ link, mtu: large, fits, more }) => ({
    who: `link ${link}${more > 0 ? ` and ${more} more` : ""}`,
    what: `has MTU ${large}, of which ${fits} fit through the mesh: set the pod network's MTU to at most ${fits}`,
  }));
