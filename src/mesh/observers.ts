import type { ObserverReport } from "../api/index.ts";
import type { Knowledge } from "./knowledge.ts";

/** All that see this node from outside, and those that were asked and say nothing new. */
export function observersOf(
  { mapping, observations = [] }: Pick<Knowledge, "mapping" | "observations">,
  now: number,
): readonly ObserverReport[] {
  const problems = new Map(mapping?.problems.map(({ observer, problem }) => [observer, problem]));
  const heard = [...(mapping?.observations ?? []), ...observations];
  const known = new Set(heard.map(({ observer }) => observer));
  const silent = [...problems].filter(([observer]) => !known.has(observer));
  return [
    ...heard.map(({ observer, name = observer, by, endpoint, at }): ObserverReport => {
      const problem = problems.get(observer);
      const ageSeconds = Math.max(0, Math.round((now - at) / 1000));
      return { observer: name, by, endpoint, ageSeconds, ...(problem !== undefined && { problem }) };
    }),
    ...silent.map(([observer, problem]): ObserverReport => ({ observer, by: "server", problem })),
  ];
}
