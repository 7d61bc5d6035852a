import type { LockedPackage } from "./closure.ts";

/** A package that went into a product, by its path in the lock file. */
export interface Ingredient extends LockedPackage {
  readonly path: string;
}

/** A list of ingredients as CycloneDX 1.5 describes it (https://cyclonedx.org/docs/1.5/json/). */
export interface Sbom {
  readonly bomFormat: "CycloneDX";
  readonly specVersion: "1.5";
  readonly version: 1;
  readonly metadata: { readonly timestamp: string; readonly component: object };
  readonly components: readonly object[];
}

/** The name of a package by its path: what follows the last node_modules. */
export const nameOf = (path: string): string =>
  path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);

const purlOf = (name: string, version: string): string => `pkg:npm/${name.replace("@", "%40")}@${version}`;

/** The list of what a product is made of. `madeAt`: seconds since 1970, so that two builds of one commit are the same. */
export function sbomOf(
  product: { readonly name: string; readonly version: string; readonly license: string },
  ingredients: readonly Ingredient[],
  goModules: readonly { readonly name: string; readonly version: string }[],
  madeAt: number,
): Sbom {
  const { name, version, license } = product;
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: {
      timestamp: new Date(madeAt * 1000).toISOString(),
      component: { type: "application", name, version, licenses: [{ expression: license }] },
    },
    components: [
      ...ingredients.map(componentOf),
      ...goModules.map((module) => {
        const purl = `pkg:golang/${module.name}@${module.version}`;
        return { type: "library", "bom-ref": purl, ...module, purl };
      }),
    ],
  };
}

function componentOf({ path, version = "", license, integrity }: Ingredient): object {
  const [name, purl] = [nameOf(path), purlOf(nameOf(path), version)];
  return {
    type: "library",
    "bom-ref": `${purl}#${path}`,
    name,
    version,
    purl,
    ...(license !== undefined && { licenses: [{ expression: license }] }),
    ...(integrity !== undefined && { hashes: [hashOf(integrity)] }),
  };
}

/** CycloneDX wants the algorithm in capitals and the hash in hexadecimal digits. */
function hashOf(integrity: string): { alg: string; content: string } {
  const [algorithm = "", base64 = ""] = integrity.split("-");
  return {
    alg: algorithm.toUpperCase().replace("SHA", "SHA-"),
    content: Buffer.from(base64, "base64").toString("hex"),
  };
}
