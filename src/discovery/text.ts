export { isPrintable, printable } from "../system/text.ts";

/** Node ids are keys in maps, logs and annotations: printable ASCII without blanks. */
export const isNodeId = (text: string): boolean => /^[!-~]{1,256}$/.test(text);
