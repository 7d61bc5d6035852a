import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { requestDown } from "../../../src/api/effects/client.ts";
import { serveApi } from "../../../src/api/effects/server.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { noAnswers } from "./no-answers.ts";

/** In a file of its own, so that the other tests do not wait for it. */
test("a daemon that is slow to take the mesh down is waited for, longer than one that only tells", async () => {
  const folder = await temporaryFolder();
  const down = async () => {
    await delay(31_000);
    setImmediate(() => void server.close());
    return { steps: ["one"], warnings: [] };
  };
  const server = await serveApi(folder, { ...noAnswers, down });
  onTestFinished(() => server.close());
  expect(await requestDown(folder)).toEqual({ steps: ["one"], warnings: [] });
});
