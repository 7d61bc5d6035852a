export { RolloutFile } from "./rollout-file.ts";
