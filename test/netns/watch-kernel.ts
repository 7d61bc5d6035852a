import { watchKernel } from "../../src/routing/effects/watch.ts";

/** Watches the namespace it is started in, and says what it is told; ends in good order on SIGTERM. */
const marks = { fromWireGuard: 0x20, toWireGuard: 0x40 };
const watch = watchKernel({
  scope: { interfaceName: "kubespan", table: 180, priority: 32500, marks },
  onChange: () => console.log("change"),
  onOthers: () => undefined,
  onError: (error) => console.log(`error ${error.code} ${error.message}`),
});
const alive = setInterval(() => {}, 60_000);
process.once("SIGTERM", () => {
  clearInterval(alive);
  void watch.stop().then(() => console.log("stopped"));
});
