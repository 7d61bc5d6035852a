import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/effects/load.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { thrownBy } from "../thrown-by.ts";
import { talos } from "./documents.ts";

describe("loadConfig", () => {
  test.each([
    [0o600, []],
    [0o400, []],
    [0o640, ["can be read by other users (mode 0640)"]],
    [0o644, ["can be read by other users (mode 0644)"]],
    [0o622, ["can be changed by other users (mode 0622)"]],
  ])("a file with mode %o: warnings %j", async (mode, expected) => {
    const file = join(await temporaryFolder(), "config.yaml");
    await writeFile(file, talos);
    await chmod(file, mode);
    const { config, warnings } = await loadConfig(file);
    expect(config.enabled).toBe(true);
    expect(warnings).toEqual(
      expected.map((text) => `${file} holds the cluster secret and ${text}; run: chmod 600 ${file}`),
    );
  });

  test.each<[string, (file: string) => Promise<unknown>]>([
    ["there is no configuration file FILE", () => Promise.resolve()],
    ["cannot read FILE: it is a directory", (file) => mkdir(file)],
    [
      "cannot read FILE: it is larger than 1048576 bytes",
      (file) => writeFile(file, "#".repeat(1024 * 1024 + 1)),
    ],
    ["cannot read FILE: it is not UTF-8 text", (file) => writeFile(file, Uint8Array.of(0x23, 0xe4))],
    ["the configuration has a problem:\nFILE:1:1: no DiscoveryIdentityConfig", (file) => writeFile(file, "")],
  ])("%s", async (message, make) => {
    const file = join(await temporaryFolder(), "config.yaml");
    await make(file);
    const error = await thrownBy(loadConfig(file));
    expect(error).toMatchObject({ code: "config", exitCode: 3 });
    expect(error.message.replaceAll(file, "FILE")).toContain(message);
    expect(error.hint).toBeDefined();
    expect(error.hint?.includes("gen config"), "only what is not there is made").toBe(
      message.includes("there is no"),
    );
  });
});
