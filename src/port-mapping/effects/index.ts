export { PortMapper } from "./port-mapper.ts";
