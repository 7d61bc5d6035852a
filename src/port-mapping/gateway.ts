import { z } from "zod";
import { ofForm, parseToolJson, valueOf } from "../base/index.ts";
import { type Address, familyOf, parseAddress } from "../net/index.ts";

/** The router to which the default route leads. */
export interface Gateway {
  readonly address: Address;
  /** The name of the link that the route takes. */
  readonly link: string;
}

const routes = z.array(
  z.object({
    dst: z.string(),
    gateway: z.string().optional(),
    dev: z.string().optional(),
    metric: z.number().optional(),
  }),
);

/**
 * Reads the IPv4 gateway from the output of `ip -j -4 route show default`: that of the route which counts. There is none
 * where that route leads to no gateway, such as into a tunnel, and none where it takes the mesh's link. Never throws.
 */
export function parseGateway(text: string, interfaceName: string): Gateway | undefined {
  const found = valueOf(ofForm(parseToolJson(text), routes)) ?? [];
  const [best] = found
    .filter(({ dst }) => dst === "default")
    .toSorted((left, right) => (left.metric ?? 0) - (right.metric ?? 0));
  const address = parseAddress(best?.gateway ?? "");
  if (!best?.dev || best.dev === interfaceName || address === undefined || familyOf(address) !== 4)
    return undefined;
  return { address, link: best.dev };
}
