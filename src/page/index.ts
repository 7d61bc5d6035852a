/** The page for browsers: what they are shown, and what they do not know yet. The part that runs in them is in `browser`. */
export { applied, newsOf } from "./news.ts";
export { most, pageState } from "./state.ts";
export type { PageState, PeerRow } from "./wire.ts";
