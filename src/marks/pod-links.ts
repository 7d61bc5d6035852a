import { type Link, tooLargePodLinks } from "../routing/index.ts";
import type { Warning } from "./warning.ts";

/** What pods are told to send, but does not fit through the mesh (lesson 10). */
export const podLinkWarnings = (links: readonly Link[], mtu: number): Warning[] =>
  tooLargePodLinks(links, mtu).map(({ link, mtu: large, fits, more }) => ({
    who: `link ${link}${more > 0 ? ` and ${more} more` : ""}`,
    what: `has MTU ${large}, of which ${fits} fit through the mesh: set the pod network's MTU to at most ${fits}`,
  }));
