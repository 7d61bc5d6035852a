import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { watchKernel } from "../../../src/routing/effects/watch.ts";

const deadline = { timeout: 60_000, interval: 20 };
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kubespan-watch-"));
  vi.stubEnv("PATH", `${folder}:${process.env["PATH"]}`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** What is told of the lines that nft monitor prints, up to the end of a transaction of somebody else. */
async function toldOf(...lines: readonly string[]): Promise<boolean[]> {
  const script = [...lines, "add rule inet other marks meta mark 1", "# new generation 9 by process 9 (nft)"];
  await writeFile(join(folder, "lines"), script.map((line) => `${line}\n`).join(""));
  await writeFile(join(folder, "nft"), `#!/bin/sh\ncat ${folder}/lines\nexec sleep 1000\n`);
  await chmod(join(folder, "nft"), 0o755);
  const told: boolean[] = [];
  const onOthers = vi.fn();
  const watch = watchKernel({
    scope: {
      interfaceName: "kubespan",
      table: 180,
      priority: 32500,
      marks: { fromWireGuard: 0x20, toWireGuard: 0x40 },
    },
    isSignature: (line) => line === "delete table inet mine",
    onChange: (isUrgent) => told.push(isUrgent),
    onOthers,
    onPods: () => undefined,
    onError: (error) => told.push(error.code === "command"),
  });
  await vi.waitFor(() => expect(onOthers).toHaveBeenCalled(), deadline);
  await watch.stop();
  return told;
}

const ours = ["add table inet mine", "delete table inet mine", "# new generation 5 by process 1 (nft)"];

test("a change of this program is not told", async () => {
  expect(await toldOf("delete table inet talos_kubespan", ...ours)).toEqual([]);
});

test("lost events are told at once, although a change of this program follows", async () => {
  const lost = "# ERROR: We lost some netlink events!";
  expect(await toldOf("delete table inet talos_kubespan", lost, ...ours)).toEqual([true]);
  expect(await toldOf(lost, ...ours)).toEqual([true]);
});
