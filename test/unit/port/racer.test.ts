import { expect, test } from "vitest";
import type { Command } from "../../../src/base/index.ts";
import { KubespanError, Secret } from "../../../src/base/index.ts";
import type { Endpoint } from "../../../src/net/index.ts";
import { Racer } from "../../../src/port/effects/racer.ts";

/** A racer over a table that holds what was loaded last; `fails` makes the next listing of it fail. */
async function racerOver() {
  const kernel = { table: "", fails: false };
  const run = ({ program, args, input }: Command): Promise<string> => {
    if (program === "ip") return Promise.resolve('[{"prefsrc":"192.0.2.1"}]');
    if (typeof input === "string") kernel.table = input;
    else if (kernel.fails) {
      kernel.fails = false;
      return Promise.reject(new KubespanError("command", `${program} ${args.join(" ")} failed`));
    }
    return Promise.resolve(kernel.table);
  };
  const key = Secret.fromBase64(Buffer.alloc(32, 1).toString("base64"));
  const racer = await Racer.open({
    run,
    clock: () => 0,
    random: (bytes) => Buffer.alloc(bytes, 7),
    privateKey: key,
    publicKey: Buffer.alloc(32, 2).toString("base64"),
    presharedKeys: [key],
    interfaceName: "kubespan",
    listenPort: 51820,
    marks: { fromWireGuard: 0x20, toWireGuard: 0x40 },
    onAnswer: () => undefined,
  });
  return { racer, kernel };
}

const pins = [{ to: "203.0.113.1:1" as Endpoint, instead: ["203.0.113.2:2" as Endpoint] }];

test("a pin that failed half-way does not outlive its move, and no repair brings it back", async () => {
  const { racer, kernel } = await racerOver();
  try {
    await racer.pin(pins);
    expect(kernel.table).toContain("pinned4");
    await racer.pin([]);
    kernel.fails = true;
    await expect(racer.pin(pins)).rejects.toThrow("failed");
    await racer.repair("another table");
    expect(kernel.table).not.toContain("pinned4");
    kernel.fails = true;
    await expect(racer.pin(pins)).rejects.toThrow("failed");
    await racer.pin([]);
    expect(kernel.table).not.toContain("pinned4");
  } finally {
    await racer.close();
  }
});
