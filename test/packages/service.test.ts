import { basename } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Lab, type LabNode, waitFor } from "../../lab/index.ts";
import { debOf } from "./build.ts";
import { debianOf } from "./debian.ts";
import { copyInto, running, seenIn, serviceFiles } from "./service-run.ts";

const versions = ["0.1.0", "0.2.0"];
const packages = versions.map((version) => `/root/${basename(debOf("", version))}`);
let lab: Lab;
let root: string;
let files: readonly string[];

beforeAll(async () => {
  root = await debianOf("bookworm", "systemd");
  files = await serviceFiles(...versions);
  lab = await Lab.open();
}, 3_600_000);

afterAll(() => lab?.close());

async function machine(name: string): Promise<LabNode> {
  const node = await lab.systemd(name, root);
  copyInto(node.namespace.path("/root"), files);
  return node;
}

test("the services run under systemd as their own user, and lose no packet", async () => {
  const node = await machine("machine");
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
  for (const name of ["steered", "watchdog", "barrier"]) expect(Number(seen[name]), name).toBeGreaterThan(0);
}, 3_600_000);

const services = ["kubespan.service", "kubespan-barrier.service"];

/** The word of `systemctl is-active` or `is-enabled` for each unit. */
const states = async (node: LabNode, question: string, ...units: readonly string[]) =>
  (await node.namespace.attempt("systemctl", question, ...units)).stdout.trim().split("\n");

test("init, token, join and leave start and stop the services, and say what to do", async () => {
  const [first, second] = await Promise.all(["first", "second"].map((name) => machine(name)));
  if (!first || !second) throw new Error("there are two");
  const network = await lab.network("lan");
  for (const [index, node] of [first, second].entries()) {
    await node.attach(network, `203.0.113.${index + 1}/24`);
    await node.run("dpkg", "--install", packages[0] ?? "");
  }
  const begun = await first.run("kubespan", "init", "--discovery");
  const all = ["kubespan-discovery.service", "kubespan-barrier.service", "kubespan.service"];
  expect(begun).toContain(`started ${all.join(", ")}\n`);
  expect(begun).toMatch(/^ {2}kubespan join\nkubespan1\./m);
  expect(await states(first, "is-enabled", ...all)).toEqual(["enabled", "enabled", "enabled"]);
  await waitFor(async () => (await states(first, "is-active", all[0] ?? ""))[0] === "active", {
    what: "the discovery service",
  });

  const token = await first.run("kubespan", "token");
  expect(begun).toContain(token);
  await second.namespace.write("/root/token", token);
  const join = ["kubespan", "join", "--token-file", "/root/token", "--wait", "600"];
  const joined = await second.namespace.attempt(...join);
  expect(joined).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("started kubespan-barrier") });
  expect(await states(second, "is-active", ...services)).toContain("active");
  expect(await states(second, "is-enabled", ...services)).toEqual(["enabled", "enabled"]);
  expect(await second.reaches("203.0.113.1")).toBe(true);
  expect(await second.run("wg", "show", "kubespan", "transfer")).toMatch(/\t[1-9]\d*\t[1-9]\d*\n$/);

  const left = (await second.run("kubespan", "leave")).split("\n");
  expect(left).toContain(`disabled ${services.join(", ")}`);
  expect(new Set(left).size, left.join("\n")).toBe(left.length);
  expect(await states(second, "is-enabled", ...services)).toEqual(["disabled", "disabled"]);
  await waitFor(async () => (await states(second, "is-active", services[0] ?? ""))[0] === "inactive", {
    what: "the daemon to have ended",
  });
  expect(await second.run("nft", "list", "tables")).not.toContain("kubespan");
  await waitFor(async () => !(await first.run("kubespan", "status")).includes("second"), {
    what: "the first one to have heard the farewell",
  });
}, 3_600_000);
