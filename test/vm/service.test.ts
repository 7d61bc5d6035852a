import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { debOf } from "../packages/build.ts";
import { Debian } from "../packages/debian.ts";
import { copyInto, running, seenIn, serviceFiles } from "../packages/service-run.ts";
import { runInMachine } from "./machine.ts";

const timeoutMs = 1_800_000;
let debian: Debian;

beforeAll(async () => {
  debian = await Debian.open("bookworm", "systemd");
  const files = [...(await serviceFiles("0.1.0")), join(import.meta.dirname, "kernel-service.sh")];
  copyInto(join(debian.root, "root"), files);
}, 3_600_000);

afterAll(() => debian?.close());

// What else the service does under systemd is in test/packages/service.test.ts, which takes less than this does.
test(
  "the service runs under systemd with the kernel's WireGuard",
  async () => {
    const command = ["bash", "/root/kernel-service.sh", `/root/${basename(debOf("", "0.1.0"))}`];
    const run = { command, cwd: "/root", timeoutMs, system: debian.root };
    const { exitCode, stdout, stderr } = await runInMachine(run);
    expect(exitCode, `${stdout}\n${stderr}`).toBe(0);
    const expected = { ...running, implementation: "kernel", pings: "5", received: "some" };
    expect(seenIn(stdout)).toMatchObject(expected);
  },
  timeoutMs + 60_000, // so that the machine's time is up first, and it says what it did
);
