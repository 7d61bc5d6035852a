import { maskedText, steeredMark } from "../../net/index.ts";
import type { FamilyRouting, RoutingScope } from "../../routing/index.ts";
import { type Drawn, kindOf } from "../kind.ts";

/** The rules and routes that lead packets into the mesh, and the rules of others that come before. */
export const rules = kindOf({
  type: "Rules.kubespan",
  namespace: "kubespan",
  columns: { Family: "family", Kind: "kind", Text: "text" },
  inputs: ["Configs.kubespan"],
  description: "the routing rules of the mesh, those before them, and the routes",
  draw: ({ pass }) => {
    if (!pass) return [];
    const { scope, ipv4Routing, ipv6Routing } = pass.kernel.routing;
    return [...familyRules("ipv4", scope, ipv4Routing), ...familyRules("ipv6", scope, ipv6Routing)];
  },
});

function familyRules(
  family: string,
  scope: RoutingScope,
  { rules: own, copies, ahead, routes, hasBarrier }: FamilyRouting,
): Drawn[] {
  const drawn = (kind: string, texts: readonly string[]): Drawn[] =>
    texts.map((text, at) => ({
      id: `${family}/${kind}${texts.length > 1 ? `/${at + 1}` : ""}`,
      spec: { family, kind, text },
    }));
  const selector = `fwmark ${maskedText(steeredMark(scope.marks))} lookup ${scope.table}`;
  const ours = own.filter((rule) => rule.ours);
  return [
    ...drawn(
      "ahead",
      ahead.map(({ text }) => text),
    ),
    ...drawn(
      "rule",
      [...ours.map(() => scope.priority), ...copies].map((priority) => `priority ${priority} ${selector}`),
    ),
    ...drawn(
      "foreign",
      own.filter((rule) => !rule.ours).map(({ text }) => text),
    ),
    ...drawn(
      "route",
      routes.map(({ text }) => text),
    ),
    ...drawn("barrier", hasBarrier ? [`unreachable default table ${scope.table}`] : []),
  ];
}
