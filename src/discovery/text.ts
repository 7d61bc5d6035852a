/** Control, format (bidirectional overrides, zero width), line and paragraph separators, surrogates, unassigned. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\uFFFD]/u;
const allUnprintable = new RegExp(unprintable, "gu");

/** True for text that can be shown on a terminal without doing anything to it. */
export const isPrintable = (text: string): boolean => !unprintable.test(text);

/** Foreign text made fit for a message: unprintable characters become `?`, and it ends after `limit` characters. */
export function printable(text: string, limit = 200): string {
  const shown = text.slice(0, limit).replace(allUnprintable, "?");
  return text.length > limit ? `${shown}...` : shown;
}

/**
 * 32 random bytes in base 62: 43 digits here; Talos' vary in length. Ids are keys in maps, logs and annotations, and the last
 * thing that decides between two members: nobody may choose one that is lower than all others.
 */
export const isNodeId = (text: string): boolean => /^[0-9A-Za-z]{43,52}$/.test(text);

/** What is wrong with an id that is none. */
export const noNodeId = "is not 43 to 52 digits and letters";
