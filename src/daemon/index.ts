export { checkPrivilege } from "./supervised.ts";
export { takeDown } from "./take-down.ts";

/** Each of these modules is loaded when it is asked for: a command that shows something must not wait for a daemon's code. */
export const loadBarrierLoader = () => import("./load-barrier.ts");
export const loadDaemon = () => import("./daemon.ts");
export const loadReload = () => import("./reload.ts");
export const loadDryRun = () => import("./dry-run.ts");
