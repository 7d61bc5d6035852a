import { expect, test } from "vitest";
import type { Config } from "../../../src/config/index.ts";
import { checkReload } from "../../../src/daemon/reload.ts";
import { config } from "../mesh/values.ts";

const before = config();

test.each<[string, Partial<Config>]>([
  ["interfaceName", { interfaceName: "other" }],
  ["routing", { routing: { ...before.routing, table: 181 } }],
  ["stateDirectory", { stateDirectory: "/var/lib/other" }],
  ["log.format", { log: { ...before.log, format: before.log.format === "json" ? "text" : "json" } }],
])("a change of %s is refused, and the refusal names it", (name, change) => {
  expect(() => checkReload(before, { ...before, ...change })).toThrow(
    `${name} cannot change while the daemon runs`,
  );
});

test("the level of the log may change, and so may the MTU", () => {
  const after = { ...before, mtu: 1400, log: { ...before.log, level: "debug" } } as const;
  expect(() => checkReload(before, after)).not.toThrow();
});
