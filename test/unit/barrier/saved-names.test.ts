import { expect, test } from "vitest";
import { parseSaved, savedText } from "../../../src/barrier/index.ts";
import type { Config } from "../../../src/config/index.ts";
import { configOfLastRun, unusualNames } from "../../../src/daemon/last-names.ts";
import { prefix } from "../discovery/samples.ts";

const names = {
  interfaceName: "mesh1",
  listenPort: 51_821,
  marks: { fromWireGuard: 0x20, toWireGuard: 0x40 },
  routing: { table: 181, priority: 32_500 },
};
const saved = { targets: [prefix("10.0.0.0/24")], mtu: 1420, exits: [], refused: [] };

test("names and numbers are kept where they are not the usual ones, and read as they were written", async () => {
  expect(parseSaved(savedText({ ...saved, names }), "file")).toEqual({ ...saved, names });
  expect(savedText(saved)).not.toContain("names");
  const usual: Config = await configOfLastRun("/nowhere/config.yaml");
  expect(unusualNames(usual)).toBeUndefined();
  expect(unusualNames({ ...usual, listenPort: 51_821 })).toMatchObject({
    listenPort: 51_821,
    interfaceName: "kubespan",
  });
  expect(usual).toMatchObject({
    enabled: true,
    allowDownPeerBypass: false,
    stateDirectory: "/var/lib/kubespan",
  });
});

test.each([
  [{ ...names, interfaceName: "a;b" }],
  [{ ...names, listenPort: 70_000 }],
  [{ ...names, marks: { fromWireGuard: -1, toWireGuard: 0x40 } }],
  [{ ...names, more: 1 }],
])("a file with other names is damaged: %j", (wrong) => {
  expect(() => parseSaved(savedText({ ...saved, names: wrong }), "file")).toThrow("damaged");
});
