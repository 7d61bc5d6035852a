import { errorText } from "../../base/index.ts";
import type { Marks } from "../../net/index.ts";
import type { Link } from "../../routing/index.ts";
import type { Runner } from "../../system/index.ts";
import { guardedLinks, linksWithQdisc, type ObservedBarrier, obstacle, parseFilters } from "../index.ts";

/**
 * Reads the filters of the guarded links. Never rejects: without `tc` there is no second barrier, and the result has
 * the reason.
 */
export async function observeBarrier(
  run: Runner,
  { interfaceName, marks }: { readonly interfaceName: string; readonly marks: Marks },
  links: readonly Link[],
): Promise<ObservedBarrier> {
  const reason = obstacle(marks, links);
  if (reason !== undefined) return { kind: "unavailable", reason };
  try {
    const names = guardedLinks(links, interfaceName).map(({ name }) => name);
    const ready = linksWithQdisc(await run({ program: "tc", args: ["qdisc", "show"] }));
    const seen = names.filter((name) => ready.includes(name));
    const show = (name: string, way: string): Promise<string> =>
      run({ program: "tc", args: ["filter", "show", "dev", name, way] });
    return {
      kind: "seen",
      links: await Promise.all(
        seen.map(async (name) => parseFilters(name, await show(name, "egress"), await show(name, "ingress"))),
      ),
    };
  } catch (error) {
    return { kind: "unavailable", reason: errorText(error) };
  }
}
