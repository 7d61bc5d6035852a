export { type Present, Survey } from "./survey.ts";
