import { copyFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { debOf } from "../packages/build.ts";
import { Debian } from "../packages/debian.ts";
import { bringService, running, seenIn } from "../packages/service-run.ts";
import { runInMachine } from "./machine.ts";

const timeoutMs = 1_800_000;
let debian: Debian;

beforeAll(async () => {
  debian = await Debian.open("bookworm", "systemd");
  await bringService(join(debian.root, "root"), "0.1.0");
  copyFileSync(join(import.meta.dirname, "service.sh"), join(debian.root, "root/service.sh"));
}, 3_600_000);

afterAll(() => debian?.close());

// What else the service does under systemd is in test/packages/service.test.ts, which takes less than this does.
test(
  "the service runs under systemd with the kernel's WireGuard",
  async () => {
    const command = ["bash", "/root/service.sh", `/root/${basename(debOf("", "0.1.0"))}`];
    const run = { command, cwd: "/root", timeoutMs, system: debian.root };
    const { exitCode, stdout, stderr } = await runInMachine(run);
    expect(exitCode, `${stdout}\n${stderr}`).toBe(0);
    const expected = { ...running, implementation: "kernel", pings: "5", received: "some" };
    expect(seenIn(stdout)).toMatchObject(expected);
  },
  timeoutMs + 60_000, // so that the machine's time is up first, and it says what it did
);
