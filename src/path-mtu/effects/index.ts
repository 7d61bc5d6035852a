export { PathMtus } from "./path-mtus.ts";
