export { Echoes } from "./echoes.ts";
export { type Present, Survey } from "./survey.ts";
