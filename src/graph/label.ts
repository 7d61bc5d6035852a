/** The longest label in a picture; names come from other nodes and may hold anything. */
export const longestLabel = 64;
