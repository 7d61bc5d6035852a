import { release } from "node:os";
import { versionIn } from "../../base/index.ts";
import { runProcess } from "../../system/index.ts";
import type { Engine, Implementation } from "../index.ts";

const timeoutMs = 5_000;

/** Asks for the version of the program that carries the packets. Never rejects. */
export async function observeEngine(implementation: Implementation): Promise<Engine> {
  if (implementation === "kernel") return { name: "Linux", version: release() };
  const { stdout } = await runProcess("wireguard-go", ["--version"], timeoutMs);
  return { name: "wireguard-go", version: versionIn(stdout) };
}
