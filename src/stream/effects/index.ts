export { Doors } from "./doors.ts";
