import { pino } from "pino";
import { describe, expect, test } from "vitest";
import type { Command } from "../../../src/base/command.ts";
import { KubespanError } from "../../../src/base/error.ts";
import type { Step } from "../../../src/base/step.ts";
import { applySteps, failureText } from "../../../src/daemon/apply.ts";

const log = pino({ level: "silent" });
const set = (...peers: string[]): Command => ({ program: "wg", args: ["set", "kubespan", ...peers] });
const peerStep = (...peers: string[]): Step => ({
  stage: "grow",
  text: `set ${peers.join()}`,
  commands: [set(...peers)],
  apart: peers.length === 1 ? "one peer" : peers.map((peer) => peerStep(peer)),
});
const swap: Step = { stage: "swap", text: "swap", commands: [{ program: "nft", args: ["-f"] }] };

/** A machine on which commands that name one of these peers fail; tells what else was done. */
function machine(reason: string, ...bad: string[]) {
  const done: string[] = [];
  const run = (command: Command): Promise<string> => {
    if (command.args.some((argument) => bad.includes(argument)))
      return Promise.reject(new KubespanError("command", reason));
    done.push([command.program, ...command.args.slice(2)].join(" "));
    return Promise.resolve("");
  };
  return { run, done };
}

describe("what fails of one peer", () => {
  test("is named, and neither the other peers nor the rest of the plan wait for it", async () => {
    const { run, done } = machine("wg set kubespan failed: E2BIG", "evil");
    const failures = await applySteps(run, log, [peerStep("a", "evil", "b"), swap]);
    expect(done).toEqual(["wg a", "wg b", "nft"]);
    expect(failures).toEqual({ peers: ["set evil: wg set kubespan failed: E2BIG"], settings: [] });
    expect(failureText(failures)).toBe("not all peers could be set: set evil: wg set kubespan failed: E2BIG");
  });

  test("is the same when it is alone", async () => {
    const { run, done } = machine("no", "evil");
    expect((await applySteps(run, log, [peerStep("evil"), swap])).peers).toHaveLength(1);
    expect(done).toEqual(["nft"]);
  });

  test("of many is not told in full", () => {
    const text =
      failureText({ peers: Array.from({ length: 900 }, (_, index) => `peer ${index}`), settings: [] }) ?? "";
    expect(text).toMatch(/peer 4; and 895 more$/);
    expect(failureText({ peers: [], settings: [] })).toBeUndefined();
  });
});

test("a setting that cannot be set is named, whatever the reason, and the rest of the plan is done", async () => {
  const { run, done } = machine("sysctl failed: permission denied (not permitted)", "evil");
  const setting: Step = { ...peerStep("evil"), apart: "a setting" };
  const { peers, settings } = await applySteps(run, log, [setting, swap]);
  expect([done, peers]).toEqual([["nft"], []]);
  expect(settings).toEqual(["set evil: sysctl failed: permission denied (not permitted)"]);
});

test.each([
  ["the device is gone", "Unable to modify interface: No such device", [peerStep("a", "evil")]],
  ["wireguard-go is gone", "Unable to modify interface: Protocol not supported", [peerStep("a", "evil")]],
  ["another step fails", "syntax error", [{ ...swap, commands: [set("evil")] }]],
])("the pass ends where %s", async (_, reason, steps) => {
  const { run, done } = machine(reason, "evil");
  await expect(applySteps(run, log, [...steps, swap])).rejects.toThrow(reason);
  expect(done).toEqual([]);
});
