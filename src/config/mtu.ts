import { z } from "zod";
import { shown } from "./problem.ts";

/**
 * The MTUs of a link that carries IPv6 (RFC 8200, section 5). The largest is that of a packet that fits into an IP packet
 * of 65,535 bytes with the 80 bytes that WireGuard over IPv6 adds.
 */
export const mtuBounds = { least: 1280, most: 65_455 } as const;

export const isExactMTU = (mtu: number): boolean => mtuBounds.least <= mtu && mtu <= mtuBounds.most;

/** Accepts what Talos does: any MTU, of which the nearest possible one is used, and 0 where none is set. */
export const mtu = z
  .custom<number | "auto">((value) => value === "auto" || (Number.isInteger(value) && Number(value) >= 0), {
    error: ({ input }) => `is ${shown(input)}; expected auto or a whole number of bytes such as 1420`,
  })
  .meta({ oneOf: [{ const: "auto" }, { type: "integer", minimum: 0 }] })
  .transform((given): number | "auto" =>
    given === "auto" || given === 0 ? "auto" : Math.min(Math.max(given, mtuBounds.least), mtuBounds.most),
  );
