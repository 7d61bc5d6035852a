import { expect, test } from "vitest";
import { stateOf } from "../../../demo/mesh.ts";
import { peer } from "../cli/status-values.ts";

const b = { node: { name: "b" } };
const { handshakeAgeSeconds: _, ...never } = peer(2, { label: "b", state: "down" });

test.each([
  ["up", { ...never, state: "up" as const, handshakeAgeSeconds: 3 }],
  ["connecting", never],
  ["connecting", { ...never, state: "unknown" as const }],
  ["down", { ...never, handshakeAgeSeconds: 200 }],
  [undefined, { ...never, label: "c" }],
])("the demo shows %s", (word, shown) => {
  expect(stateOf({ peers: [shown] }, b)).toBe(word);
});
