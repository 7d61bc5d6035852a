export { LinkAnswers } from "./link-answers.ts";
export { observeHostLinks, observeLinks, observeRouting, observeSysctls, withMainTable } from "./observe.ts";
export { observePathExceptions } from "./path-exceptions.ts";
export { routeTo } from "./route-to.ts";
export { readSavedSysctls, writeSavedSysctls } from "./saved-sysctls.ts";
export { watchKernel } from "./watch.ts";
