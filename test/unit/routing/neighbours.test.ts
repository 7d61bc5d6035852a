import { describe, expect, it, test } from "vitest";
import { answeredNow, askingLines, neighbourQuestions, parseNeighbours } from "../../../src/routing/index.ts";
import { address } from "../mesh/values.ts";

const questions = ["192.168.1.10", "192.168.1.11", "fd12::10"].map((text) => ({
  address: address(text),
  link: "eth0",
}));
const server = "eth0 192.168.1.10";

/* Recorded from iproute2 6.1.0: one list for each address, and other links may have the same one. */
const shown = `[{"dst":"192.168.1.10","dev":"eth0","lladdr":"f6:c5:ce:56:57:38","state":["REACHABLE"]},{"dst":"192.168.1.10","dev":"eth1","state":["FAILED"]}]
[{"dst":"192.168.1.11","dev":"eth0","state":["INCOMPLETE"]}]
[]
`;

test("each address is shown by itself, as a link may have thousands of neighbours", () => {
  expect(neighbourQuestions(questions.slice(0, 2))).toBe(
    "neighbour show to 192.168.1.10\nneighbour show to 192.168.1.11\n",
  );
});

test("a neighbour without a hardware address has not answered", () => {
  expect(parseNeighbours(shown)).toEqual(new Map([[server, "REACHABLE"]]));
});

test("what is no list is an error", () => {
  expect(() => parseNeighbours("[{]\n")).toThrow(/cannot read what ip neighbour printed/);
});

describe("an address is answered for", () => {
  it.each([
    ["once the kernel has heard it", "REACHABLE", false, true],
    ["as long as it asks again", "PROBE", true, true],
    ["as long as nobody asked again", "STALE", true, true],
    ["not by what is left of an earlier answer", "STALE", false, false],
    ["not once it was asked in vain", "FAILED", true, false],
    ["not by what an operator wrote", "PERMANENT", true, false],
  ])("%s", (_case, state, before, after) => {
    const answered = answeredNow(questions, new Map([[server, state]]), new Set(before ? [server] : []));
    expect(answered).toEqual(new Set(after ? [server] : []));
  });

  it("not on another link", () => {
    expect(answeredNow(questions, new Map([["eth1 192.168.1.10", "REACHABLE"]]), new Set())).toEqual(
      new Set(),
    );
  });
});

test("who answered is asked, and all where nobody did; what an operator wrote stays", () => {
  const states = new Map([
    [server, "REACHABLE"],
    ["eth0 192.168.1.11", "PERMANENT"],
  ]);
  expect(askingLines(questions, states)).toBe(
    "neighbour change 192.168.1.10 dev eth0 nud probe\n" +
      "neighbour replace 192.168.1.11 dev eth0 use nud none\n" +
      "neighbour replace fd12::10 dev eth0 use nud none\n",
  );
});
