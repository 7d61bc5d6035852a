export { observeEngine } from "./engine.ts";
export { kernelHasWireGuard, observeDevice, observePort, observeWireGuard } from "./observe.ts";
