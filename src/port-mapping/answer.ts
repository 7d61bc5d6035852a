import type { Address } from "../net/index.ts";

/** The wish for a mapping of UDP. A lifetime of 0 asks for its end. */
export interface Wish {
  readonly internalPort: number;
  /** The port that is suggested to the router: the one that it gave before, or else the inner one. */
  readonly externalPort: number;
  readonly lifetimeSeconds: number;
}

/** The answer of a router, of which nothing has been checked but its form and that it belongs to the request. */
export type MapAnswer =
  | {
      readonly kind: "mapped";
      readonly port: number;
      /** The router's outer address; absent where the protocol tells it separately. */
      readonly address?: Address;
      readonly lifetimeSeconds: number;
    }
  /** The router does not speak this version of the protocol. */
  | { readonly kind: "unknown version" }
  | { readonly kind: "refused"; readonly why: string };
