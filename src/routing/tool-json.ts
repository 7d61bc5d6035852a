import { z } from "zod";
import { KubespanError, parseToolJson } from "../base/index.ts";

/** More links, rules or routes of one table than any node has; what is longer is not read. */
const mostItems = 100_000;

/** Reads the list that `ip -j` prints. Throws `KubespanError("command")` for anything that is not such a list. */
export function parseToolList<Item extends z.ZodType>(
  tool: string,
  text: string,
  item: Item,
): z.infer<Item>[] {
  if (text.trim() === "") return []; // some versions print nothing instead of an empty list
  const parsed = z.array(item).max(mostItems).safeParse(parseJSON(tool, text));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw unreadable(tool, `${issue?.path.join(".") || "the list"}: ${issue?.message ?? "of another shape"}`);
}

function parseJSON(tool: string, text: string): unknown {
  try {
    return parseToolJson(text);
  } catch (error) {
    throw unreadable(tool, error instanceof Error ? error.message : String(error));
  }
}

const unreadable = (tool: string, reason: string): KubespanError =>
  new KubespanError("command", `cannot read what ${tool} printed: ${reason}`, {
    hint: "is the tool's version supported? iproute2 6.1 is tested",
  });
