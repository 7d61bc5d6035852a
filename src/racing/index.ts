export {
  type Answer,
  answered,
  type Contest,
  type Heard,
  handOverIn,
  handshakeTime,
  hear,
  nextVolley,
  precedenceLeft,
  raceTimings,
  volleyDueIn,
} from "./contest.ts";
export type { RaceCounts } from "./counts.ts";
export { planNoRacing, racingTableName } from "./rules.ts";
