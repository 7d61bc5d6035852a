import type { Etcd3 } from "etcd3";

interface Lease {
  readonly id: string;
  readonly grantedAt: number;
}

/** The number of different times to live whose lease is remembered. */
const mostKept = 256;

/**
 * The leases of writes. Writes whose times to live differ by less than a thirtieth share one lease, which lasts that
 * much longer; a lease for each write would be a thousand times as many.
 */
export class EtcdLeases {
  readonly #client: Etcd3["leaseClient"];
  readonly #bySeconds = new Map<number, Promise<Lease>>();

  constructor(client: Etcd3["leaseClient"]) {
    this.#client = client;
  }

  /** Gives the id of a lease that lasts at least this long. */
  async lasting(ms: number): Promise<string> {
    const seconds = Math.max(1, Math.ceil(ms / 1000));
    const slack = Math.max(1, Math.floor(seconds / 30));
    const known = await this.#bySeconds.get(seconds);
    if (known && performance.now() - known.grantedAt < slack * 1000) return known.id;
    const granting = this.#grant(seconds + slack);
    if (this.#bySeconds.size >= mostKept) this.#bySeconds.clear();
    this.#bySeconds.set(seconds, granting);
    granting.catch(() => this.#bySeconds.delete(seconds)); // the caller that asked for it gets the error
    return (await granting).id;
  }

  /** Forgets all leases, so that the next writes get new ones. */
  forget(): void {
    this.#bySeconds.clear();
  }

  async #grant(seconds: number): Promise<Lease> {
    const grantedAt = performance.now();
    const { ID } = await this.#client.leaseGrant({ TTL: seconds });
    return { id: ID, grantedAt };
  }
}
