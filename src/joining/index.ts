export { clockProblem } from "./clock.ts";
export { filesBeside } from "./files.ts";
export { progressOf } from "./progress.ts";
export { environmentText, joinText, newServices, tokenServices } from "./services.ts";
export { decodeToken, encodeToken, type Token } from "./token.ts";
