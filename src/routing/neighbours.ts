import { z } from "zod";
import { type Address, parseAddress } from "../net/index.ts";
import { parseToolList } from "./tool-json.ts";

/** A question to the machines on a link: who has this address? */
export interface LinkQuestion {
  readonly address: Address;
  readonly link: string;
}

/** What the kernel knows of a neighbour, by the name of its link and its address. */
export type Neighbours = ReadonlyMap<string, string>;

const neighbourForm = z.looseObject({
  dst: z.string(),
  dev: z.string(),
  lladdr: z.string().optional(),
  state: z.array(z.string()).default([]),
});

export const questionKey = ({ address, link }: LinkQuestion): string => `${link} ${address}`;

/** The lines for `ip -batch` that show what the kernel knows of each address. */
export const neighbourQuestions = (questions: readonly LinkQuestion[]): string =>
  questions.map(({ address }) => `neighbour show to ${address}\n`).join("");

/** Parses what `neighbourQuestions` has shown: the state of each neighbour whose hardware address is known. */
export const parseNeighbours = (text: string): Neighbours =>
  new Map(
    text.split("\n").flatMap((line) =>
      parseToolList("ip neighbour", line, neighbourForm).flatMap(({ dst, dev, lladdr, state }) => {
        const address = parseAddress(dst);
        if (address === undefined || lladdr === undefined) return [];
        return [[questionKey({ address, link: dev }), state[0] ?? ""] as const];
      }),
    ),
  );

/** The states in which the kernel goes on with a neighbour that answered once, until that is asked again. */
const going = ["STALE", "DELAY", "PROBE"];

/**
 * The questions that were answered, by their keys. What an operator wrote into the table (`PERMANENT`) is no answer, nor is
 * what is left of an earlier one before it is confirmed. Who answered has answered until the kernel asked again in vain.
 */
export const answeredNow = (
  questions: readonly LinkQuestion[],
  neighbours: Neighbours,
  before: ReadonlySet<string>,
): ReadonlySet<string> =>
  new Set(
    questions.map(questionKey).filter((key) => {
      const state = neighbours.get(key) ?? "";
      return state === "REACHABLE" || (going.includes(state) && before.has(key));
    }),
  );

/**
 * The lines for `ip -batch` after which the kernel asks the link once more. It asks the machine that answered first, and
 * all of them where none did; `nud none` lets it forget the entry again. Neighbours that an operator wrote stay as they are.
 */
export const askingLines = (questions: readonly LinkQuestion[], neighbours: Neighbours): string =>
  questions
    .map((question) => {
      const { address, link } = question;
      const state = neighbours.get(questionKey(question)) ?? "";
      const isKnown = state === "REACHABLE" || state === "STALE" || state === "DELAY";
      return isKnown
        ? `neighbour change ${address} dev ${link} nud probe\n`
        : `neighbour replace ${address} dev ${link} use nud none\n`;
    })
    .join("");
