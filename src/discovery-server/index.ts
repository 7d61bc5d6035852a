export { type OnChange, type Store } from "./store.ts";
