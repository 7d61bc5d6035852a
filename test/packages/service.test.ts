import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runInMachine } from "../vm/machine.ts";
import { buildPackages, debOf } from "./build.ts";
import { Debian } from "./debian.ts";

const timeoutMs = 2_400_000;
let debian: Debian;

beforeAll(async () => {
  debian = await Debian.open("bookworm", "systemd");
  for (const version of ["0.1.0", "0.2.0"]) {
    const folder = await buildPackages(`service-${version}`, version, "deb", "gzip");
    copyFileSync(debOf(folder, version), join(debian.root, `root/kubespan-${version}.deb`));
  }
  copyFileSync(join(import.meta.dirname, "service.sh"), join(debian.root, "root/service.sh"));
}, 3_600_000);

afterAll(() => debian?.close());

test(
  "the services run under systemd as their own user, with the kernel's WireGuard, and lose no packet",
  async () => {
    const command = ["bash", "/root/service.sh", "/root/kubespan-0.1.0.deb", "/root/kubespan-0.2.0.deb"];
    const { exitCode, stdout, stderr } = await runInMachine({
      command,
      cwd: "/root",
      timeoutMs,
      system: debian.root,
    });
    const seen = Object.fromEntries(stdout.split("\n").map((line) => line.split(/: (.*)/s).slice(0, 2)));
    expect(exitCode, `${stdout}\n${stderr}`).toBe(0);
    const [sent, received] = String(seen["pings"]).split(" ").map(Number);
    expect(sent).toBeGreaterThan(10);
    expect(received).toBe(sent);
    expect(seen).toMatchObject({
      version: "0.1.0",
      discovery: "0 watchers; on 203.0.113.1:3000",
      status: "1 of 1 peers up",
      implementation: "kernel",
      user: "kubespan",
      capabilities: "0000000000001000",
      filter: "2",
      warnings: "0",
      upgraded: "0.2.0-1",
      unconfigured: "3 0",
      readable: "active",
      down: "inactive 0",
      left: "0",
      units: "0",
      files: "",
    });
    for (const name of ["steered", "watchdog", "barrier"])
      expect(Number(seen[name]), name).toBeGreaterThan(0);
  },
  timeoutMs + 60_000, // so that the machine's time is up first, and it says what it did
);
