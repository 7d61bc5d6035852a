import { expect, test } from "vitest";
import { configOfRun } from "../../../src/config/effects/index.ts";

test.each([
  [["run"], "/etc/kubespan/config.yaml"],
  [["run", "--config", "/a.yaml"], "/a.yaml"],
  [["run", "-c", "/a.yaml"], "/a.yaml"],
  [["run", "--config=/a.yaml"], "/a.yaml"],
  [["run", "-c/a.yaml"], "/a.yaml"],
  [["run", "--config"], undefined],
  [["run", "--config", "/a.yaml", "--dry-run"], undefined],
  [["status"], undefined],
  [[], undefined],
])("the configuration of %j is %s", (words, file) => {
  expect(configOfRun(words)).toBe(file);
});
