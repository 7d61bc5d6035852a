import { INPUT } from "../../src/base/index.ts";
import { batchIn, fail, Words } from "./failure.ts";
import type { Filter, Link, Links } from "./links.ts";

/**
 * Carries out `tc` as far as the second barrier uses it: the qdisc that holds filters, programs among these, and a batch of
 * questions about both.
 */
export function tc(links: Links, args: readonly string[], input: string | undefined): string {
  const [first, file] = args;
  const isBatch = first === "-batch";
  const lines = isBatch ? batchIn(file, input) : [new Words(args)];
  return lines.map((line) => carryOut(links, line, isBatch ? undefined : input)).join("");
}

function carryOut(links: Links, words: Words, input: string | undefined): string {
  const [object, verb] = [words.take(), words.take()];
  if (object === "qdisc" && verb === "show") return shownQdiscs(links, words);
  if (!words.takes("dev")) return fail(`Unknown qdisc "${words.first ?? ""}", hence option is unparsable`);
  const link = links.get(words.take());
  if (object === "qdisc") return changeQdisc(link, verb, words);
  return verb === "show" ? filtersText(link, words.take()) : changeFilter(link, verb, words, input);
}

/** Prints qdiscs. Their links are named only where those of all links are asked for. */
const shownQdiscs = (links: Links, words: Words): string =>
  words.takes("dev")
    ? qdiscsText(links.get(words.take()), "")
    : [...links.all.values()].map((link) => qdiscsText(link, `dev ${link.name} `)).join("");

const qdiscsText = ({ hasQdisc }: Link, where: string): string =>
  `qdisc noqueue 0: ${where}root refcnt 2 \n` +
  (hasQdisc ? `qdisc clsact ffff: ${where}parent ffff:fff1 \n` : "");

function changeQdisc(link: Link, verb: string, words: Words): string {
  if (!words.takes("clsact")) return fail(`Unknown qdisc "${words.first ?? ""}"`);
  if (verb === "add" && link.hasQdisc) return fail("Error: Exclusivity flag on, cannot modify.");
  if (verb === "del" && !link.hasQdisc) return fail("Error: Invalid handle.");
  if (verb === "replace" && link.hasQdisc) return ""; // it stays, with its filters
  link.hasQdisc = verb !== "del";
  link.filters = [];
  return "";
}

/** Prints the filters of a link. What was put there last comes first. */
function filtersText(link: Link, way: string): string {
  const own = link.filters.filter((filter) => filter.way === way);
  return [...new Set(own.map(({ preference }) => preference))]
    .map((preference) => {
      const head = `filter protocol all pref ${preference} bpf chain 0 `;
      const lines = own
        .filter((filter) => filter.preference === preference)
        .map(
          ({ handle, program }) =>
            `${head}handle 0x${handle.toString(16)} direct-action not_in_hw bytecode '${program}'\n`,
        );
      return `${head}\n${lines.join("")}`;
    })
    .join("");
}

function changeFilter(link: Link, verb: string, words: Words, input: string | undefined): string {
  const way = words.take();
  if (way !== "egress" && way !== "ingress")
    return fail(`Unknown filter "${way}", hence option "${way}" is unparsable`);
  let [preference, handle, isFile] = [0, 0, false];
  while (!words.isEmpty) {
    const word = words.take();
    if (word === "pref") preference = words.takeNumber();
    else if (word === "handle") handle = words.takeNumber();
    else if (word === "bytecode-file") isFile = words.take() === INPUT;
    else if (word === "protocol") words.take();
    else if (word !== "bpf" && word !== "da") return fail(`What is "${word}"?`);
  }
  const isMeant = (filter: Filter): boolean =>
    filter.way === way && filter.preference === preference && (handle === 0 || filter.handle === handle);
  if (verb === "del") {
    const kept = link.filters.filter((filter) => !isMeant(filter));
    if (kept.length === link.filters.length)
      return fail("Error: Specified filter handle not found.\nWe have an error talking to the kernel");
    link.filters = kept;
    return "";
  }
  if (!link.hasQdisc)
    return fail("Error: Parent Qdisc doesn't exists.\nWe have an error talking to the kernel");
  if (!isFile || input === undefined) return fail("bpf: failed to load program");
  const program = input.trim();
  const at = link.filters.findIndex(isMeant);
  if (at >= 0) link.filters[at] = { way, preference, handle, program };
  else link.filters.unshift({ way, preference, handle, program });
  return "";
}
