export { HostNameWatch } from "./host-name-watch.ts";
export { NumberFile } from "./number-file.ts";
