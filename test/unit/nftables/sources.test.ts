import { expect, test } from "vitest";
import type { DesiredTable } from "../../../src/nftables/index.ts";
import { tableText } from "../../../src/nftables/table.ts";
import { frame } from "./frame.ts";

const chain = (name: string, options: Partial<DesiredTable> = {}): string[] => {
  const text = tableText({ ...frame, targets: [], ...options });
  const [, body = ""] =
    new RegExp(`\\tchain ${name} \\{\\n([^}]*(?:\\{[^}]*\\}[^}]*)*)\\n\\t\\}`).exec(text) ?? [];
  return body.split("\n").map((line) => line.trim());
};

test("no source is touched while nobody knows what peers accept", () => {
  expect(chain("kubespan_sources", { acceptedFamilies: undefined })).toEqual([
    "type nat hook postrouting priority 120; policy accept;",
  ]);
});

test("a family without an address that peers accept is refused, and not translated", () => {
  const given = chain("kubespan_given", { acceptedFamilies: [6] });
  expect(given.filter((rule) => rule.includes("masquerade"))).toHaveLength(1);
  expect(given.at(-1)).toMatch(/kubespan_dropped_unaccepted" drop$/);
});

test("where the two marks contain one another, nothing tells who is behind the node: all of it is refused", () => {
  const marks = { fromWireGuard: 0x60, toWireGuard: 0x40 };
  expect(chain("kubespan_passing", { marks }).join("\n")).not.toContain("ct mark set");
  expect(chain("kubespan_sources", { marks }).join("\n")).not.toContain("ct mark");
});
