import { stringify } from "yaml";
import { image } from "../programs/index.ts";
import { type Family, familiesOf, type NodeName, type Variant } from "./plan.ts";

const container = { name: "probe", image: image.probe, imagePullPolicy: "Never", args: ["serve"] };
const labels = { app: "probe" };
/** The pod that alone answers some Services is on this node. */
const only: NodeName = "n3";
const onlyLabels = { app: "only" };

const daemonSet = {
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name: "probe", labels },
  spec: {
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        terminationGracePeriodSeconds: 0,
        tolerations: [{ operator: "Exists" }],
        containers: [container],
      },
    },
  },
};

const pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "only", labels: onlyLabels },
  spec: { nodeName: only, terminationGracePeriodSeconds: 0, containers: [container] },
};

const tcp = { name: "tcp", port: 80, targetPort: 8080, protocol: "TCP" } as const;
const udp = { name: "udp", port: 53, targetPort: 8053, protocol: "UDP" } as const;

const service = (name: string, spec: object): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec,
});

/** The Services and their fixed addresses and ports. */
export const services = {
  /** The pod `only` answers, whichever node is asked. */
  only: { clusterIPs: { 4: "10.96.0.11", 6: "fd00:10:96::11" }, tcp: 30080, udp: 30053 },
  /** Any node's own pod answers, and sees the client's address. */
  local: { clusterIPs: { 4: "10.96.0.12", 6: "fd00:10:96::12" }, tcp: 30081 },
  /** The pod `only` answers, and only where it is. */
  onlyLocal: { clusterIPs: { 4: "10.96.0.13", 6: "fd00:10:96::13" }, tcp: 30082 },
} as const;

const nodePort = { type: "NodePort" };
const toLocal = { ...nodePort, externalTrafficPolicy: "Local" };

/** The addresses of a Service, in every family of the cluster. */
const addressed = (
  { clusterIPs }: { readonly clusterIPs: Readonly<Record<Family, string>> },
  families: readonly Family[],
) => ({
  clusterIP: clusterIPs[4],
  clusterIPs: families.map((family) => clusterIPs[family]),
  ipFamilies: families.map((family) => `IPv${family}`),
  ipFamilyPolicy: families.length > 1 ? "RequireDualStack" : "SingleStack",
});

/** The manifests of the pods that are asked, and of their Services. */
export const workload = (cluster: Pick<Variant, "isDual">): string => {
  const families = familiesOf(cluster);
  const objects = [
    daemonSet,
    pod,
    service("only", {
      ...nodePort,
      ...addressed(services.only, families),
      selector: onlyLabels,
      ports: [
        { ...tcp, nodePort: services.only.tcp },
        { ...udp, nodePort: services.only.udp },
      ],
    }),
    service("local", {
      ...toLocal,
      ...addressed(services.local, families),
      selector: labels,
      ports: [{ ...tcp, nodePort: services.local.tcp }],
    }),
    service("only-local", {
      ...toLocal,
      ...addressed(services.onlyLocal, families),
      selector: onlyLabels,
      ports: [{ ...tcp, nodePort: services.onlyLocal.tcp }],
    }),
  ];
  return objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join("---\n");
};
