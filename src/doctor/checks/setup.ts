import type { Facts, ServiceFact } from "../facts.ts";
import type { Finding } from "../finding.ts";

export function checkConfig({ config, configFile }: Facts): Finding[] {
  const id = "config";
  if (config.state === "wrong")
    return [
      {
        id,
        severity: "error",
        text: "the configuration is missing or wrong; the rest is looked at with the defaults",
        evidence: config.message,
        fix: { advice: config.hint ?? `put ${configFile} right: kubespan validate tells what is wrong` },
      },
    ];
  const warnings = config.warnings.map(
    (warning): Finding => ({
      id: "config.file",
      severity: "warning",
      text: "the configuration file is not safe",
      evidence: warning,
      fix: { commands: [`chmod 600 ${configFile}`] },
    }),
  );
  const enabled: Finding = config.enabled
    ? { id, severity: "ok", text: "the configuration is valid", evidence: configFile }
    : {
        id,
        severity: "note",
        text: "the configuration is valid, and says that there is no mesh",
        evidence: `enabled: false in ${configFile}`,
        fix: { advice: "set enabled: true in KubeSpanConfig" },
      };
  return [enabled, ...warnings];
}

export function checkIdentity({ identity, stateDirectory }: Facts): Finding[] {
  const id = "identity";
  if (identity.state === "absent")
    return [
      { id, severity: "ok", text: "no identity yet: the first start makes it", evidence: stateDirectory },
    ];
  if (identity.state === "damaged") {
    const fix = identity.hint === undefined ? {} : { fix: { advice: identity.hint } };
    return [
      { id, severity: "error", text: "the identity cannot be read", evidence: identity.message, ...fix },
    ];
  }
  const mode = `mode 0${identity.mode.toString(8)}`;
  if ((identity.mode & 0o077) !== 0)
    return [
      {
        id,
        severity: "warning",
        text: "others can read the private key",
        evidence: `${stateDirectory}/identity.json has ${mode}`,
        fix: { commands: [`chmod 600 ${stateDirectory}/identity.json`] },
      },
    ];
  return [
    { id, severity: "ok", text: "the identity is sound", evidence: `node id ${identity.nodeId}, ${mode}` },
  ];
}

/** Checks the registries. A node can join if one of several answers. */
export function checkDiscovery({ services, config }: Facts): Finding[] {
  if (config.state === "wrong") return [];
  if (services.length === 0)
    return [
      {
        id: "discovery",
        severity: "warning",
        text: "no registry is configured: this node finds nobody",
        evidence: "no DiscoveryServiceConfig, and no kubernetes in KubeSpanDaemonConfig",
        fix: { advice: "add a DiscoveryServiceConfig" },
      },
    ];
  const isAnyReached = services.some(({ error }) => error === undefined);
  return services.map(({ location, reflected, records, refusedBy, node, error }): Finding => {
    const id = `discovery.${location}`;
    const who = node === undefined ? "the discovery service" : "the Kubernetes API";
    if (error === undefined && records && records.opened < records.all)
      return strangers(id, location, records);
    if (error === undefined && refusedBy) return refused(id, location, refusedBy);
    if (error === undefined && records?.others === 0) return alone(id, location);
    if (error === undefined)
      return {
        id,
        severity: "ok",
        text: `${who} answers`,
        evidence:
          node === undefined
            ? `${location} sees us at ${reflected ?? "an address that it does not tell"}${knownText(records)}`
            : `${location} has the Node ${node}`,
      };
    const fix = error.hint === undefined ? {} : { fix: { advice: error.hint } };
    return {
      id,
      // Who is slow, or reached by a slow network, may answer the daemon, which goes on asking.
      severity: isAnyReached || error.isLate ? "warning" : "error",
      text: error.isLate ? `${who} took too long` : `${who} is of no use`,
      evidence: error.message,
      ...fix,
    };
  });
}

const knownText = (records: ServiceFact["records"]): string => {
  if (!records) return "";
  const { others } = records;
  return `, and knows ${others} other node${others === 1 ? "" : "s"} of this cluster`;
};

/** Finds that nobody else goes by this node's clusterID: so it is with the first node of a cluster, and with a wrong clusterID. */
const alone = (id: string, location: string): Finding => ({
  id: `${id}.alone`,
  severity: "note",
  text: "the discovery service answers, and knows no other node by this clusterID",
  evidence: `no record of another node at ${location}`,
  fix: {
    advice:
      "if the cluster has other nodes, compare clusterID and the URL of the service with theirs ('kubespan status' shows both)",
  },
});

/** Finds that other nodes say of this one that they do not take what it announces. */
const refused = (
  id: string,
  location: string,
  refusedBy: NonNullable<ServiceFact["refusedBy"]>,
): Finding => ({
  id: `${id}.refused`,
  severity: "error",
  text: "other nodes refuse what this node announces, so to them it is no member, or as it was before",
  evidence: `at ${location}: ${refusedBy
    .slice(0, 3)
    .map(({ label, reason }) => `${label} says: ${reason}`)
    .join("; ")}`,
  fix: { advice: "mend the reason on this node; 'kubespan status' shows the same until the others take it" },
});

/** Finds that nodes of the same clusterID have another secret. */
const strangers = (
  id: string,
  location: string,
  { all, opened }: NonNullable<ServiceFact["records"]>,
): Finding => ({
  id: `${id}.secret`,
  severity: opened === 0 ? "error" : "warning",
  text:
    opened === 0
      ? "this node's clusterSecret is not that of the other nodes"
      : "some nodes have another clusterSecret, and are not let in",
  evidence: `${opened} of ${all} records at ${location} open with it`,
  fix: { advice: "copy clusterID and clusterSecret from a node that works to those that do not" },
});
