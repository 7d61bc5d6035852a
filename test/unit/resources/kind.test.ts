import { expect, test } from "vitest";
import { aliasesOf, kindsNamed } from "../../../src/resources/kind.ts";
import { resourceKinds } from "../../../src/resources/kinds/index.ts";

test.each([
  [
    "KubeSpanPeerStatuses.kubespan.talos.dev",
    ["kubespanpeerstatus", "kubespanpeerstatuses", "ksps", "kspss"],
  ],
  ["KubeSpanIdentities.kubespan.talos.dev", ["kubespanidentity", "kubespanidentities", "ksi", "ksis"]],
  ["Members.cluster.talos.dev", ["member", "members"]],
  ["Plans.kubespan", ["plan", "plans"]],
])("%s has the aliases %j", (type, aliases) => {
  expect(aliasesOf(type)).toEqual(aliases);
});

const typesNamed = (name: string, namespace?: string): string[] =>
  kindsNamed(resourceKinds, name, namespace).map(
    ({ definition }) => `${definition.namespace}/${definition.type.split(".")[0]}`,
  );

test.each([
  ["KubeSpanPeerSpecs", undefined, ["kubespan/KubeSpanPeerSpecs"]],
  ["kubespanpeerspecs.kubespan.talos.dev", undefined, ["kubespan/KubeSpanPeerSpecs"]],
  ["ksps", undefined, ["kubespan/KubeSpanPeerSpecs", "kubespan/KubeSpanPeerStatuses"]],
  ["affiliates", undefined, ["cluster/Affiliates"]],
  ["affiliates", "cluster-raw", ["cluster-raw/Affiliates"]],
  ["rd", undefined, ["meta/ResourceDefinitions"]],
  ["endpoints", undefined, ["kubespan/Candidates"]],
  ["nothing", undefined, []],
])("%s in the namespace %s may mean %j", (name, namespace, expected) => {
  expect(typesNamed(name, namespace)).toEqual(expected);
});

test("only types whose initials are alike share an alias", () => {
  const aliases = [...new Set(resourceKinds.flatMap(({ definition }) => definition.aliases))];
  expect(aliases.filter((alias) => typesNamed(alias).length > 1)).toEqual(["ksps", "kspss"]);
});

test("all inputs are types that there are, and no kind follows from itself", () => {
  const inputs = new Map(resourceKinds.map(({ definition }) => [definition.type, definition.inputs]));
  const reach = (type: string, seen = new Set<string>()): Set<string> => {
    for (const input of inputs.get(type) ?? []) if (!seen.has(input)) reach(input, seen.add(input));
    return seen;
  };
  for (const [type, from] of inputs) {
    expect(from.filter((input) => !inputs.has(input))).toEqual([]);
    expect(reach(type)).not.toContain(type);
  }
});
