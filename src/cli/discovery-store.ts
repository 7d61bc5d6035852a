import type { Logger } from "pino";
import { KubespanError } from "../base/index.ts";
import { defaultCapacity, loadEtcdStore, openMemoryStore } from "../discovery-server/effects/index.ts";
import type { OnChange, Store } from "../discovery-server/index.ts";
import { readPem } from "../system/index.ts";

export interface StoreOptions {
  readonly snapshot?: string;
  /** The seconds between two snapshots. */
  readonly snapshotEvery: number;
  /** The URLs of etcd's members, separated by commas. */
  readonly etcd?: string;
  readonly etcdCa?: string;
  readonly etcdCert?: string;
  readonly etcdKey?: string;
  readonly etcdPrefix: string;
  /** The age in seconds from which on etcd's history is thrown away; 0 leaves the history alone. */
  readonly etcdCompactEvery: number;
}

/** The store that the command line asks for. etcd's client is loaded only where it is used. */
export async function openStore(options: StoreOptions, log: Logger, onChange: OnChange): Promise<Store> {
  const { snapshot, snapshotEvery, etcd, etcdPrefix } = options;
  const capacity = defaultCapacity;
  if (etcd !== undefined) {
    const hosts = etcdHosts(etcd, etcdPrefix);
    const { openEtcdStore } = await loadEtcdStore();
    const credentials = await etcdCredentials(options);
    const access = { hosts, prefix: etcdPrefix, ...(credentials && { credentials }) };
    const compactEveryMs = options.etcdCompactEvery * 1000;
    return openEtcdStore({ ...access, capacity, compactEveryMs, log, onChange });
  }
  const file = snapshot === undefined ? {} : { snapshot: { path: snapshot, everyMs: snapshotEvery * 1000 } };
  return openMemoryStore({ capacity, log, onChange, ...file });
}

function etcdHosts(text: string, prefix: string): string[] {
  const hosts = text.split(",");
  if (hosts.some((host) => !/^https?:\/\/[\w.:[\]-]+$/.test(host)))
    throw new KubespanError("usage", `--etcd ${text}: not a list of URLs`, {
      hint: "such as http://127.0.0.1:2379, or several of them with commas between",
    });
  if (!/^[\x21-\x7d]+$/.test(prefix))
    throw new KubespanError("usage", "--etcd-prefix must be printable ASCII and not empty", {
      hint: "such as /kubespan/discovery/",
    });
  return hosts;
}

async function etcdCredentials(
  options: StoreOptions,
): Promise<{ rootCertificate: Buffer; certChain?: Buffer; privateKey?: Buffer } | undefined> {
  const { etcdCa, etcdCert, etcdKey } = options;
  if (etcdCa === undefined && etcdCert === undefined && etcdKey === undefined) return undefined;
  if (etcdCa === undefined || (etcdCert === undefined) !== (etcdKey === undefined))
    throw new KubespanError(
      "usage",
      "etcd over TLS needs --etcd-ca, and both or none of --etcd-cert and --etcd-key",
      {
        hint: "give the files that etcdctl is given",
      },
    );
  const client =
    etcdCert !== undefined && etcdKey !== undefined
      ? { certChain: await readPem(etcdCert), privateKey: await readPem(etcdKey) }
      : {};
  return { rootCertificate: await readPem(etcdCa), ...client };
}
