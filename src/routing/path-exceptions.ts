import { z } from "zod";
import { type Address, parseAddress } from "../net/index.ts";
import { parseToolList } from "./tool-json.ts";

/** The arguments of `ip` that show what routers said about the way to single addresses, in both families. */
export const pathExceptionsQuestion = ["-j", "-N", "route", "show", "table", "all", "cache"];

const exceptionForm = z.looseObject({
  dst: z.string(),
  metrics: z.array(z.looseObject({ mtu: z.number().int().optional() })).default([]),
});

/** Parses the sizes of packets above which routers said that they do not pass, by the address to which. */
export const parsePathExceptions = (text: string): ReadonlyMap<Address, number> =>
  new Map(
    parseToolList("ip route", text, exceptionForm).flatMap(({ dst, metrics }) => {
      const address = parseAddress(dst);
      const mtu = metrics.find((each) => each.mtu !== undefined)?.mtu;
      return address === undefined || mtu === undefined ? [] : [[address, mtu] as const];
    }),
  );
