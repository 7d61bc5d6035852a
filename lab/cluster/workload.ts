import { stringify } from "yaml";
import { image } from "../programs/index.ts";
import type { NodeName } from "./plan.ts";

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
  only: { clusterIP: "10.96.0.11", tcp: 30080, udp: 30053 },
  /** Any node's own pod answers, and sees the client's address. */
  local: { clusterIP: "10.96.0.12", tcp: 30081 },
  /** The pod `only` answers, and only where it is. */
  onlyLocal: { clusterIP: "10.96.0.13", tcp: 30082 },
} as const;

const nodePort = { type: "NodePort" };
const toLocal = { ...nodePort, externalTrafficPolicy: "Local" };

/** The manifests of the pods that are asked, and of their Services. */
export const workload: string = [
  daemonSet,
  pod,
  service("only", {
    ...nodePort,
    clusterIP: services.only.clusterIP,
    selector: onlyLabels,
    ports: [
      { ...tcp, nodePort: services.only.tcp },
      { ...udp, nodePort: services.only.udp },
    ],
  }),
  service("local", {
    ...toLocal,
    clusterIP: services.local.clusterIP,
    selector: labels,
    ports: [{ ...tcp, nodePort: services.local.tcp }],
  }),
  service("only-local", {
    ...toLocal,
    clusterIP: services.onlyLocal.clusterIP,
    selector: onlyLabels,
    ports: [{ ...tcp, nodePort: services.onlyLocal.tcp }],
  }),
]
  .map((object) => stringify(object, { aliasDuplicateObjects: false }))
  .join("---\n");
