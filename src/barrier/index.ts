export { filterQuestions, filtersOf, linksWithQdisc, parseFilters, preferenceOf } from "./listing.ts";
export {
  filtersAfter,
  guardedLinks,
  mayHaveFilters,
  type ObservedBarrier,
  obstacle,
  planNoSecondBarrier,
  planSecondBarrier,
} from "./plan.ts";
export { type BarrierNames, parseSaved, type SavedBarrier, savedText } from "./saved.ts";
