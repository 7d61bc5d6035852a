export { isPrintable, printable } from "../base/index.ts";

/**
 * Tells whether a text is a node id: 32 random bytes in base 62, which this program writes in 43 digits and Talos in a
 * varying number. Ids are keys in maps, logs and annotations, and the last criterion between two members, so nobody may
 * choose one that is lower than all others.
 */
export const isNodeId = (text: string): boolean => /^[0-9A-Za-z]{43,52}$/.test(text);

/** The flaw of a text that is no node id. */
export const noNodeId = "is not 43 to 52 digits and letters";
