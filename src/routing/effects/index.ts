export { observeHostLinks, observeLinks, observeRouting, observeSysctls, withMainTable } from "./observe.ts";
export { readSavedSysctls, writeSavedSysctls } from "./saved-sysctls.ts";
export { watchKernel } from "./watch.ts";
