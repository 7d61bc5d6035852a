import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";

const root = join(import.meta.dirname, "../../..");

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly roleRef?: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly { readonly kind: string; readonly name: string; readonly namespace: string }[];
}

const manifests = parseAllDocuments(readFileSync(join(root, "deploy/kubernetes/rbac.yaml"), "utf8")).map(
  (document) => document.toJS() as Manifest,
);

/** What the sources ask of the API, by the client's methods. */
const sources = readdirSync(join(root, "src/discovery/kubernetes"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => readFileSync(join(root, "src/discovery/kubernetes", name), "utf8"))
  .join("\n");

describe("what the daemon's account may do in Kubernetes", () => {
  test("is to read Nodes and to patch them, and nothing else, nothing with a star", () => {
    expect(manifests.flatMap(({ rules }) => rules ?? [])).toEqual([
      { apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch", "patch"] },
    ]);
  });

  test("is given to that one account, by that one role", () => {
    expect(manifests.map(({ kind }) => kind)).toEqual([
      "ServiceAccount",
      "ClusterRole",
      "ClusterRoleBinding",
    ]);
    const [account, role, binding] = manifests;
    expect(binding?.roleRef).toMatchObject({ kind: "ClusterRole", name: role?.metadata.name });
    expect(binding?.subjects).toEqual([
      { kind: "ServiceAccount", name: account?.metadata.name, namespace: account?.metadata.namespace },
    ]);
  });

  test("is no more than what it does: the sources ask for Nodes, in these ways only", () => {
    const calls = new Set(
      [...sources.matchAll(/\.((?:list|read|patch|create|delete|replace)[A-Z]\w+)\(/g)].map(
        ([, call]) => call,
      ),
    );
    for (const call of calls) expect(call).toMatch(/^(?:(?:list|read|patch)Node|createConfiguration)$/);
    expect(sources).not.toMatch(/\b(?:secrets|configmaps|pods\/exec|impersonate)\b/i);
  });
});
