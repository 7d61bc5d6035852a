import { type Kind, kindOf } from "../kind.ts";

/** The kind whose resources are the kinds. */
export function definitionsOf(described: readonly Kind[]): Kind {
  const kinds = (): readonly Kind[] => [...described, own];
  const own: Kind = kindOf({
    type: "ResourceDefinitions.meta.cosi.dev",
    namespace: "meta",
    columns: { Namespace: "namespace", Aliases: "aliases" },
    inputs: [],
    description: "the kinds of resources themselves",
    draw: () =>
      kinds().map(({ definition: { type, ...rest } }) => ({
        id: rest.namespace === "cluster-raw" ? `${rest.namespace}/${type}`.toLowerCase() : type.toLowerCase(),
        spec: { type, ...rest },
      })),
  });
  return own;
}
