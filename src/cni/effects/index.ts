export { observeCni } from "./observe.ts";
