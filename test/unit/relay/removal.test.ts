import { expect, test } from "vitest";
import { planNoRelay, relayTablesOf } from "../../../src/relay/rules.ts";

test("what is removed of relaying is one step for each family, and each says which", () => {
  const steps = planNoRelay(Object.values(relayTablesOf("kubespan")));
  expect(steps.map(({ text }) => text)).toEqual([
    "delete the nft table ip kubespan_relay for relaying",
    "delete the nft table ip6 kubespan_relay for relaying",
  ]);
});
