export { observeBarrier } from "./observe.ts";
export { hasSaved, readSaved, removeSaved, writeSaved } from "./saved-file.ts";
