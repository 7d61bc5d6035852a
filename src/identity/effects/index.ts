export { firstHardwareAddress } from "./hardware-address.ts";
export { forgetIdentity, loadIdentity, previewIdentity, replaceIdentity, storedIdentity } from "./load.ts";
export { guardIdentity, keepMachine, readMachine } from "./machine.ts";
export { giveUpHardwareAddress } from "./stand-in.ts";
