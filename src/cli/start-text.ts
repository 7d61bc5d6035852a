import type { Start } from "../joining/effects/index.ts";
import { print } from "../system/index.ts";

/** Says what was started, or what the operator has to start. */
export function sayHowToStart(start: Start): void {
  if ("started" in start) {
    print(`started ${start.started.join(", ")}\n`);
    return;
  }
  const lines = start.commands.map((command) => `  ${command}\n`).join("");
  print(`\nThe service is not started. Run, and keep running:\n\n${lines}\n`);
}
