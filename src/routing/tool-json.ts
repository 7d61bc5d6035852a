import { z } from "zod";
import { KubespanError, ofForm, parseToolJson } from "../base/index.ts";

/** The largest list that is read. No node has more links, rules or routes of one table. */
const mostItems = 100_000;

/** Reads the list that `ip -j` prints. Throws `KubespanError("command")` for anything that is not such a list. */
export function parseToolList<Item extends z.ZodType>(
  tool: string,
  text: string,
  item: Item,
): z.infer<Item>[] {
  if (text.trim() === "") return []; // some versions print nothing instead of an empty list
  const read = ofForm(parseToolJson(text), z.array(item).max(mostItems));
  if ("problem" in read) throw unreadable(tool, read.problem);
  return read.value;
}

const unreadable = (tool: string, reason: string): KubespanError =>
  new KubespanError("command", `cannot read what ${tool} printed: ${reason}`, {
    hint: "check the version of the tool: iproute2 6.1 is tested",
  });
