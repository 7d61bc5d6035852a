import { pino } from "pino";
import { expect, test } from "vitest";
import { tellChanges, tellDecision } from "../../../src/daemon/tell.ts";
import type { RegistryState } from "../../../src/discovery/index.ts";
import { address, config, key, peerSpec, prefix } from "../mesh/values.ts";

const registry: RegistryState = {
  name: "default",
  location: "http://first.example:3000",
  phase: "connecting",
  affiliates: 1,
  refused: [],
  reachedAt: address("192.0.2.10"),
};

/** The lines of the log, each with its level. */
function told(transitions: Parameters<typeof tellChanges>[1]["transitions"]): string[] {
  const lines: string[] = [];
  const write = (line: string): void => {
    const { level, msg } = JSON.parse(line) as { level: number; msg: string };
    lines.push(`${level >= 40 ? "WARN" : "INFO"} ${msg}`);
  };
  const peers = [1, 2].map((number) =>
    peerSpec(number, [], { allowedIPs: [prefix(`192.0.2.${number}0/32`)] }),
  );
  const registries = { states: () => [registry] } as unknown as Parameters<
    typeof tellChanges
  >[0]["registries"];
  const specs = { peers, networks: [], refused: [], warnings: [] };
  tellChanges(
    { log: pino({}, { write }), config: config(), registries },
    { changed: [], transitions },
    specs,
  );
  return lines;
}

const down = (number: number) =>
  ({ kind: "down", label: `node-${number}`, publicKey: key(number), text: "is down: why" }) as const;

test("a loss is a warning, and says what else is lost with it", () => {
  expect(told([down(1), down(2)])).toEqual([
    "WARN node-1 is down: why; discovery service default is reached through it, so until it is up this node does not hear where others have moved to",
    "WARN node-2 is down: why",
  ]);
});

test("of very many at once only some are named", () => {
  const ups = Array.from({ length: 1_000 }, (_, number) => ({
    kind: "up" as const,
    label: `node-${number}`,
    publicKey: key(number % 200),
    text: "is up",
  }));
  const lines = told(ups);
  expect(lines).toHaveLength(11);
  expect(lines.at(-1)).toBe("INFO 990 more are up");
});

test("a warning of this node about itself is told once as long as it holds, and again when it comes back", () => {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push((JSON.parse(line) as { msg: string }).msg);
  const parts = {
    log: pino({}, { write }),
    config: config(),
    registries: { states: () => [] } as unknown as Parameters<typeof tellDecision>[0]["registries"],
  };
  const refused = { who: "this node", what: "is refused by others" };
  const decision = (...warnings: readonly (typeof refused)[]) =>
    ({
      polled: { changed: [], transitions: [] },
      specs: { peers: [], networks: [], refused: [], warnings: [] },
      warnings,
    }) as unknown as Parameters<typeof tellDecision>[1];
  const passes = [decision(refused), decision(refused), decision(), decision(refused)];
  passes.forEach((pass, at) => tellDecision(parts, pass, passes[at - 1]));
  expect(lines).toEqual(["this node is refused by others", "this node is refused by others"]);
});
