export { observeBarrier } from "./observe.ts";
export { readSaved, removeSaved, writeSaved } from "./saved-file.ts";
