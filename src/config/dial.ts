import type { z } from "zod";
import { uncompiled } from "../base/index.ts";
import type { EndpointFilter } from "./endpoint-filter.ts";
import { listOf, prefix, section } from "./fields.ts";

/** The rules, by network, for which endpoints of peers are dialled. The kinds of candidates get each setting as it is. */
export const dial = section({
  /** If a peer has endpoints in these networks, only those endpoints are dialled. */
  pin: listOf(prefix(), "prefixes"),
  /** Endpoints in these networks are dialled before others, those in the first network first. */
  prefer: listOf(prefix(), "prefixes"),
  /** Endpoints in these networks are never dialled. */
  forbid: listOf(prefix(), "prefixes"),
}).prefault({});

export type DialRules = Readonly<z.output<typeof dial>> & {
  /** The filters of the endpoints that peers announce (`filters.peerEndpoints`); without filters all pass. */
  readonly filters: readonly EndpointFilter[];
};

/** The rules of a configuration that sets none. */
export const noDialRules: DialRules = { ...dial.parse({}, uncompiled), filters: [] };
