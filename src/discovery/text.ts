export { isPrintable, printable } from "../base/index.ts";

/**
 * 32 random bytes in base 62: 43 digits here; Talos' vary in length. Ids are keys in maps, logs and annotations, and the last
 * thing that decides between two members: nobody may choose one that is lower than all others.
 */
export const isNodeId = (text: string): boolean => /^[0-9A-Za-z]{43,52}$/.test(text);

/** What is wrong with an id that is none. */
export const noNodeId = "is not 43 to 52 digits and letters";
