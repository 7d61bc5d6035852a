import { createHash } from "node:crypto";
import { z } from "zod";
import { readJson, valueOf } from "../base/index.ts";
import { hardwareAddressBytes, localHardwareAddress } from "./hardware-address.ts";
import type { Identity } from "./identity.ts";

/**
 * The identity with another hardware address, for a node whose own one another node has as well: virtual machines may
 * have QEMU's default, or were cloned. The address is derived from the node id, so that it is the same whenever it is
 * made, and marked as locally administered, so that no real card has it.
 */
export function withStandIn(identity: Identity): Identity {
  const digest = createHash("sha256").update(`kubespan stand-in v1 ${identity.nodeId}`).digest();
  return withHardwareAddress(
    identity,
    localHardwareAddress((count) => digest.subarray(0, count)),
  );
}

const withHardwareAddress = (identity: Identity, hardwareAddress: string): Identity => ({
  ...identity,
  hardwareAddress,
  givenUp: identity.hardwareAddress,
});

const stored = z.strictObject({
  version: z.literal(1),
  hardwareAddress: z.string().refine((text) => hardwareAddressBytes(text) !== undefined),
});

/** The text of the file that keeps the stand-in. */
export const standInText = ({ hardwareAddress }: Identity): string =>
  `${JSON.stringify({ version: 1, hardwareAddress }, null, 2)}\n`;

/** The identity with the stand-in of that text; `undefined` for text that `standInText` does not write. */
export function withStandInOf(identity: Identity, text: string): Identity | undefined {
  const found = valueOf(readJson(text, stored));
  return found && withHardwareAddress(identity, found.hardwareAddress);
}
