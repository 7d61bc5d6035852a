import { expect, test } from "vitest";
import { doctorText } from "../../../src/cli/doctor-text.ts";
import { soundNode } from "../doctor/node.ts";

test("evidence of several lines keeps them, and none of them looks like a finding or a remedy", () => {
  const evidence = "Operation not permitted (you must be root)\nnow:  forged\u001b[31m";
  const text = doctorText(soundNode, [{ id: "nftables", severity: "note", text: "not seen", evidence }]);
  expect(text).toContain(
    "         seen: Operation not permitted (you must be root)\n               now:  forged?[31m\n",
  );
});
