import { readFileSync } from "node:fs";

/** nft 1.0.6, recorded. */
export const recorded = readFileSync(new URL("recorded.nft", import.meta.url), "utf8");
