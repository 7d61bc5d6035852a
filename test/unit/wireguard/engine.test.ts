import { expect, it } from "vitest";
import { engineText, isSlowEngine } from "../../../src/wireguard/index.ts";

it.each([
  ["Linux", "6.1.0", false],
  ["wireguard-go", "0.0.20220316", true],
  ["wireguard-go", "0.0.20230223", false],
  ["wireguard-go", "0.0.20250521", false],
  ["wireguard-go", undefined, false],
] as const)("%s %s: slow is %s", (name, version, isSlow) => {
  expect(isSlowEngine({ name, version })).toBe(isSlow);
});

it("is named with what is known of it", () => {
  expect(engineText({ name: "wireguard-go", version: undefined })).toBe("wireguard-go");
  expect(engineText({ name: "Linux", version: "6.1.0" })).toBe("Linux 6.1.0");
});
