export { patchConfig } from "./patch.ts";
