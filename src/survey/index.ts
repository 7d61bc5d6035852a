/** What members ask each other about the mesh: whom each reaches, measured by echoes through the tunnels. */
export { Budget } from "./budget.ts";
export { echoReply, echoRequest, echoTokenBytes, readEcho } from "./echo.ts";
export { type Measured, measured, smallEchoes, smallerThan } from "./measure.ts";
export {
  type Answer,
  type Cell,
  type Message,
  messageBytes,
  mostAddresses,
  mostCells,
  type Question,
  readMessage,
} from "./message.ts";
export { holeIn, type Noted, toMeasure } from "./passing.ts";
export { cellOf, inOrder } from "./row.ts";
