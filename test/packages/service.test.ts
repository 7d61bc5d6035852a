import { basename } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Lab, type LabNode } from "../../lab/index.ts";
import { debOf } from "./build.ts";
import { debianOf } from "./debian.ts";
import { bringService, running, seenIn } from "./service-run.ts";

const versions = ["0.1.0", "0.2.0"];
let lab: Lab;
let node: LabNode;

beforeAll(async () => {
  const root = await debianOf("bookworm", "systemd");
  lab = await Lab.open();
  node = await lab.systemd("machine", root);
  await bringService(node.namespace.path("/root"), ...versions);
}, 3_600_000);

afterAll(() => lab?.close());

test("the services run under systemd as their own user, and lose no packet", async () => {
  const packages = versions.map((version) => `/root/${basename(debOf("", version))}`);
  const { exitCode, stdout, stderr } = await node.namespace.attempt("bash", "/root/service.sh", ...packages);
  const seen = seenIn(stdout);
  expect(exitCode, `${stdout}\n${stderr}`).toBe(0);
  const [sent, received] = String(seen["pings"]).split(" ").map(Number);
  expect(sent).toBeGreaterThan(10);
  expect(received).toBe(sent);
  expect(seen).toMatchObject({
    ...running,
    implementation: "userspace", // test/vm/service.test.ts has the kernel's
    upgraded: "0.2.0-1",
    readable: "active",
    down: "inactive 0",
    left: "0",
    units: "0",
    files: "",
  });
  for (const name of ["steered", "watchdog", "barrier"])
    expect(Number(seen[name]), name).toBeGreaterThan(0);
}, 1_800_000);
