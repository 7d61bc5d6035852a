import { type Addresses, podAddress } from "./addresses.ts";
import { service } from "./kube-proxy.ts";

const numbered = { resourceVersion: "1", namespace: "default" } as const;

const list = (kind: string, apiVersion: string, items: readonly object[]) => ({
  kind: `${kind}List`,
  apiVersion,
  metadata: { resourceVersion: "1" },
  items: items.map((item) => ({ kind, apiVersion, ...item })),
});

/** The objects from which kube-proxy makes its rules for the Service of ./kube-proxy.ts, as test/cni/service-api.ts serves them. */
export function objects(addresses: Addresses): object {
  const { clusterIP, nodePort, port } = service;
  const family = `IPv${addresses.family}`;
  const tcp = { name: "tcp", protocol: "TCP", port, targetPort: 8080 };
  const of = (name: string, ip: string, policy: "Cluster" | "Local", open: number) => ({
    metadata: { ...numbered, name, uid: name },
    spec: {
      type: "NodePort",
      clusterIP: ip,
      clusterIPs: [ip],
      ipFamilies: [family],
      ipFamilyPolicy: "SingleStack",
      externalTrafficPolicy: policy,
      internalTrafficPolicy: "Cluster",
      sessionAffinity: "None",
      ports: [{ ...tcp, nodePort: open }],
    },
    status: { loadBalancer: {} },
  });
  const services = [
    of("cluster", clusterIP[addresses.family], "Cluster", nodePort.cluster),
    of("local", `${clusterIP[addresses.family]}1`, "Local", nodePort.local),
  ];
  const slices = services.map(({ metadata: { name } }) => ({
    metadata: { ...numbered, name, labels: { "kubernetes.io/service-name": name } },
    addressType: family,
    endpoints: [
      {
        addresses: [podAddress(addresses).b],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: "b",
      },
    ],
    ports: [{ name: "tcp", protocol: "TCP", port: 8080 }],
  }));
  const nodes = (["a", "b"] as const).map((name) => ({
    metadata: { resourceVersion: "1", name, uid: name },
    spec: {},
    status: { addresses: [{ type: "InternalIP", address: addresses.node[name] }] },
  }));
  return {
    "/api/v1/services": list("Service", "v1", services),
    "/api/v1/nodes": list("Node", "v1", nodes),
    "/apis/discovery.k8s.io/v1/endpointslices": list("EndpointSlice", "discovery.k8s.io/v1", slices),
    "/apis/networking.k8s.io/v1/servicecidrs": list("ServiceCIDR", "networking.k8s.io/v1", []),
  };
}
