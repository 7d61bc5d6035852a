/** A fake kernel that consists of values and is driven by the commands that plans contain. */
export { type Fate, fateOf } from "./fate.ts";
export { FakeKernel } from "./kernel.ts";
export { pictureOf } from "./picture.ts";
export { WireGuardDevice, WireGuardPeer } from "./wireguard.ts";
