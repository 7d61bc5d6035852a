export { kernelHasWireGuard, observeDevice, observePort, observeWireGuard } from "./observe.ts";
