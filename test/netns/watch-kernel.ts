import { INPUT } from "../../src/base/command.ts";
import { OwnTransactions } from "../../src/nftables/effects/own-transactions.ts";
import { watchKernel } from "../../src/routing/effects/watch.ts";
import { run as runDirectly } from "../../src/system/run.ts";
import { Shells } from "../../src/system/shells.ts";

/**
 * Watches the namespace it is started in, and says what it is told; ends in good order on SIGTERM. On SIGUSR2 it makes a
 * change of its own, directly or, with the argument `shells`, by a shell.
 */
const marks = { fromWireGuard: 0x20, toWireGuard: 0x40 };
const transactions = new OwnTransactions();
const shells = process.argv[2] === "shells" ? new Shells() : undefined;
const run = transactions.signing(shells?.run ?? runDirectly);
const watch = watchKernel({
  scope: { interfaceName: "kubespan", table: 180, priority: 32500, marks },
  isSignature: transactions.isSignature,
  onChange: () => console.log("change"),
  onOthers: () => console.log("others"),
  onPods: () => undefined,
  onError: (error) => console.log(`error ${error.code} ${error.message}`),
});
const alive = setInterval(() => {}, 60_000);
const batch = "add set inet talos_kubespan own { type ipv4_addr; }\ndelete set inet talos_kubespan own\n";
process.on("SIGUSR2", () => {
  void run({ program: "nft", args: ["-f", INPUT], input: batch }).then(() => console.log("made"));
});
process.once("SIGTERM", () => {
  clearInterval(alive);
  void Promise.all([watch.stop(), shells?.close()]).then(() => console.log("stopped"));
});
