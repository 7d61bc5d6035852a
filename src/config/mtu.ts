import { z } from "zod";
import { shown } from "./problem.ts";

/**
 * The MTUs of a link that carries IPv6 (RFC 8200, section 5). The largest is that of a packet that fits into an IP packet
 * of 65,535 bytes with the 80 bytes that WireGuard over IPv6 adds.
 */
export const mtuBounds = { least: 1280, most: 65_455 } as const;

export const isExactMTU = (mtu: number): boolean => mtuBounds.least <= mtu && mtu <= mtuBounds.most;

/** Reads a whole number, also in the forms `1_420` and `0b101`, which YAML 1.1 has and Talos' reader takes. */
export function mtuIn(value: unknown): number | undefined {
  const isForm = typeof value === "string" && /^(?:0b[01_]+|[1-9]\d*(?:_\d+)+)$/.test(value);
  const number = isForm ? Number(value.replaceAll("_", "")) : value;
  return typeof number === "number" && Number.isInteger(number) && number >= 0 ? number : undefined;
}

/** Accepts what Talos does: any MTU, of which the nearest possible one is used, and 0 where none is set. */
export const mtu = z
  .custom<number | string>((value) => value === "auto" || mtuIn(value) !== undefined, {
    error: ({ input }) => `is ${shown(input)}; expected auto or a whole number of bytes such as 1420`,
  })
  .meta({ oneOf: [{ const: "auto" }, { type: "integer", minimum: 0 }] })
  .transform((given): number | "auto" => {
    const bytes = mtuIn(given) ?? 0;
    return bytes === 0 ? "auto" : Math.min(Math.max(bytes, mtuBounds.least), mtuBounds.most);
  });
