import { errorText, INPUT } from "../../base/index.ts";
import type { Marks } from "../../net/index.ts";
import type { Link } from "../../routing/index.ts";
import type { Runner } from "../../system/index.ts";
import {
  filterQuestions,
  filtersOf,
  guardedLinks,
  linksWithQdisc,
  mayHaveFilters,
  type ObservedBarrier,
  obstacle,
  preferenceOf,
} from "../index.ts";

/**
 * Reads the filters of the guarded links, and of those that still have ours from when they were guarded: a link may
 * become the port of a bridge, or turn out to be another mesh's once it has its addresses. Never rejects: without `tc`
 * there is no second barrier, and the result has the reason.
 */
export async function observeBarrier(
  run: Runner,
  { interfaceName, marks }: { readonly interfaceName: string; readonly marks: Marks },
  links: readonly Link[],
): Promise<ObservedBarrier> {
  const reason = obstacle(marks, links);
  if (reason !== undefined) return { kind: "unavailable", reason };
  try {
    const guarded = new Set(guardedLinks(links, interfaceName).map(({ name }) => name));
    const ready = new Set(linksWithQdisc(await run({ program: "tc", args: ["qdisc", "show"] })));
    const asked = mayHaveFilters(links).filter((name) => ready.has(name));
    const answers = await ask(run, asked.flatMap(filterQuestions));
    const found = filtersOf(asked, answers, preferenceOf(interfaceName));
    return {
      kind: "seen",
      links: found.filter(({ name, programs }) => guarded.has(name) || programs.size > 0),
    };
  } catch (error) {
    const text = errorText(error);
    return { kind: "unavailable", reason: text, isUnread: !text.includes("is not installed") };
  }
}

/** Quotes and `#` mean something in a batch, and a link may have them in its name. */
const isPlain = (word: string): boolean => /^[\w.@-]+$/.test(word);

/** One process for all questions, where they can be written so. Gives the answers, one after the other. */
async function ask(run: Runner, questions: readonly (readonly string[])[]): Promise<string> {
  if (questions.length === 0) return "";
  if (questions.flat().every(isPlain)) {
    const input = questions.map((words) => `${words.join(" ")}\n`).join("");
    return run({ program: "tc", args: ["-batch", INPUT], input });
  }
  return (await Promise.all(questions.map((args) => run({ program: "tc", args })))).join("");
}
