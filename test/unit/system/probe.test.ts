import { describe, expect, it } from "vitest";
import { answerOf } from "../../../src/system/probe.ts";
import type { Ended } from "../../../src/system/process.ts";

const ended = (end: Partial<Ended>): Ended => ({ exitCode: undefined, stdout: "", stderr: "", ...end });
const answer = (end: Partial<Ended>) => answerOf("nft list tables", "nft", ended(end));

describe("answerOf", () => {
  it("takes the answer of a tool that ended by itself just when its time was over", () => {
    const late = answer({ exitCode: 0, stopped: "too late", stdout: "table ip x\n" });
    expect(late).toEqual({
      isInstalled: true,
      succeeded: true,
      isLate: false,
      stdout: "table ip x\n",
      complaint: "",
    });
  });

  it("tells a tool that took too long from one that failed", () => {
    expect(answer({ signal: "SIGKILL", stopped: "too late", stderr: "half a sent" })).toMatchObject({
      succeeded: false,
      isLate: true,
      complaint: "nft list tables did not finish within 20 s",
    });
    expect(answer({ exitCode: 1, stderr: "Protocol error\n" })).toMatchObject({
      succeeded: false,
      isLate: false,
      complaint: "Protocol error",
    });
  });

  it("does not take output that was cut", () => {
    const cut = answer({ exitCode: 0, stopped: "too much" });
    expect(cut).toMatchObject({ succeeded: false, isLate: false });
    expect(cut.complaint).toBe("nft list tables printed more than can be read");
  });

  it("knows a tool that is not installed", () => {
    const missing = answer({ startError: "ENOENT" });
    expect(missing).toMatchObject({ isInstalled: false, complaint: "nft is not installed" });
  });
});
