export { kernelHasWireGuard, observeDevice, observeWireGuard } from "./observe.ts";
