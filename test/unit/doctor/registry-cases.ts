import type { Facts, Severity } from "../../../src/doctor/index.ts";

/** What is different on the node; the finding that this leads to; what its evidence and fix say. */
export type Case = readonly [
  name: string,
  difference: Partial<Facts>,
  id: string,
  severity: Severity,
  says?: RegExp,
];

export const registryCases: readonly Case[] = [
  ["no service", { services: [] }, "discovery", "warning"],
  [
    "a silent service",
    { services: [{ location: "a", error: { message: "refused", hint: "start it" } }] },
    "discovery.a",
    "error",
    /refused.*start it/,
  ],
  [
    "a service whose records do not open",
    { services: [{ location: "a", records: { all: 3, opened: 0, others: 2 } }] },
    "discovery.a.secret",
    "error",
    /clusterSecret is not that of the other nodes.*0 of 3 records at a/,
  ],
  [
    "a service of which some records do not open",
    { services: [{ location: "a", records: { all: 3, opened: 2, others: 2 } }] },
    "discovery.a.secret",
    "warning",
    /some nodes have another clusterSecret/,
  ],
  [
    "a service that knows nobody by this clusterID",
    { services: [{ location: "a", records: { all: 1, opened: 1, others: 0 } }] },
    "discovery.a.alone",
    "note",
    /knows no other node by this clusterID.*compare clusterID/,
  ],
  [
    "others who refuse this node",
    {
      services: [
        {
          location: "a",
          records: { all: 3, opened: 3, others: 2 },
          refusedBy: [{ label: "b", reason: "its public key is already that of this node" }],
        },
      ],
    },
    "discovery.a.refused",
    "error",
    /refuse what this node announces.*b says: its public key is already that of this node/,
  ],
  [
    "no Node in Kubernetes",
    {
      services: [
        { location: "https://k:6443", node: "n", error: { message: "has no such Node", hint: "node.name?" } },
      ],
    },
    "discovery.https://k:6443",
    "error",
    /has no such Node.*node.name/,
  ],
  [
    "Kubernetes alone",
    { services: [{ location: "https://k:6443", node: "n" }] },
    "discovery.https://k:6443",
    "ok",
    /has the Node n/,
  ],
  [
    "one silent service of two",
    { services: [{ location: "a", error: { message: "refused", hint: undefined } }, { location: "b" }] },
    "discovery.a",
    "warning",
  ],
];
