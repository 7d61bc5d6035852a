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

/** Node ids are keys in maps, logs and annotations: printable ASCII without blanks. */
export const isNodeId = (text: string): boolean => /^[!-~]{1,256}$/.test(text);
