import { describe, expect, it } from "vitest";
import { closureOf, type Lock } from "../../../scripts/packages/closure.ts";
import { sbomOf } from "../../../scripts/packages/sbom.ts";

const lock: Lock = {
  "": { dependencies: { a: "1" } },
  "node_modules/a": {
    version: "1.0.0",
    dependencies: { b: "1", "@types/b": "1" },
    peerDependencies: { p: "1" },
  },
  "node_modules/b": { version: "1.0.0" },
  "node_modules/p": { version: "1.0.0", dependencies: { a: "1" } },
  "node_modules/a/node_modules/b": { version: "2.0.0", dependencies: { c: "1" } },
  "node_modules/c": {
    version: "3.0.0",
    license: "MIT",
    integrity: "sha512-AAEC",
    peerDependencies: { q: "1" },
    peerDependenciesMeta: { q: { optional: true } },
  },
};

describe("the libraries of a package", () => {
  it("are those that Node finds when the program runs", () => {
    expect(closureOf(lock, ["a"])).toEqual([
      "node_modules/a",
      "node_modules/a/node_modules/b",
      "node_modules/c",
      "node_modules/p",
    ]);
    expect(closureOf(lock, ["b"])).toEqual(["node_modules/b"]);
  });

  it("are refused where the lock file lacks one", () => {
    expect(() => closureOf(lock, ["d"])).toThrow("package-lock.json has no d for the project");
    expect(() => closureOf({ ...lock, "node_modules/b": { dependencies: { e: "1" } } }, ["b"])).toThrow(
      "package-lock.json has no e for node_modules/b",
    );
  });
});

describe("the list of ingredients", () => {
  const product = { name: "kubespan", version: "0.1.0", license: "Apache-2.0" };

  it("names each with its version, licence and hash, and is the same at each build", () => {
    const paths = ["node_modules/@x/c", "node_modules/c"];
    const goModules = [{ name: "go.example/module", version: "v1.2.3" }];
    const sbom = sbomOf(
      product,
      paths.map((path) => ({ path, ...lock["node_modules/c"] })),
      goModules,
      86_400,
    );
    expect(sbom).toEqual(
      sbomOf(
        product,
        paths.map((path) => ({ path, ...lock["node_modules/c"] })),
        goModules,
        86_400,
      ),
    );
    expect(sbom.metadata.timestamp).toBe("1970-01-02T00:00:00.000Z");
    expect(sbom.components).toMatchObject([
      {
        name: "@x/c",
        version: "3.0.0",
        purl: "pkg:npm/%40x/c@3.0.0",
        licenses: [{ expression: "MIT" }],
        hashes: [{ alg: "SHA-512", content: "000102" }],
      },
      { name: "c", purl: "pkg:npm/c@3.0.0" },
      { name: "go.example/module", version: "v1.2.3", purl: "pkg:golang/go.example/module@v1.2.3" },
    ]);
  });
});
