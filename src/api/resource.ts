/** Something that the daemon knows, in the form of Talos' resources: metadata for every kind, and what the kind says. */
export interface Resource {
  readonly metadata: Metadata;
  /** What the kind says. Secrets are never part of it. */
  readonly spec: Spec;
}

/** The fields of a kind, as they are written in JSON. */
export type Spec = Readonly<Record<string, unknown>>;

interface Metadata {
  readonly namespace: string;
  readonly type: string;
  /** The name of the resource, which no other of its type and namespace has at the time. */
  readonly id: string;
  /** A number that grows by one with each change that was noticed. A change is noticed when somebody looks. */
  readonly version: number;
  /** The time at which the resource was first noticed, in ISO 8601. */
  readonly created: string;
  /** The time at which the last change was noticed. */
  readonly updated: string;
}

/** The description of a kind of resource. */
export interface Definition {
  /** The name of the type, such as `KubeSpanPeerStatuses.kubespan.talos.dev`. */
  readonly type: string;
  readonly namespace: string;
  /** The words by which the kind may be asked for. */
  readonly aliases: readonly string[];
  /** The columns of a table after the id and the version, each with a field of `spec`. */
  readonly columns: readonly Column[];
  /** The types from which this one follows, for a picture of the data flow. */
  readonly inputs: readonly string[];
  readonly description: string;
}

export interface Column {
  readonly name: string;
  /** The field of `spec`; a dot leads into an object. */
  readonly field: string;
}

/** The answer to a question for a kind. */
export interface Listing {
  readonly definition: Definition;
  readonly items: readonly Resource[];
}

/** One line of a watch. */
export type WatchLine =
  | { readonly event: "created" | "updated" | "deleted"; readonly resource: Resource }
  /** All that was there when the watch began has been told. */
  | { readonly event: "bootstrapped" }
  /** The watcher read too slowly: so many changes were left out, and what follows is as things are now. */
  | { readonly event: "lost"; readonly changes: number };

/** One watcher of a kind. It takes lines when it has room for them, so that nothing has to wait for it. */
export interface Watch {
  readonly definition: Definition;
  /** Gives the next line of JSON, or `undefined` as long as there is none. */
  next(): string | undefined;
  close(): void;
}

/** Everything that the daemon knows, as resources. Metrics and pages in the same process use this, too. */
export interface Resources {
  /** Gives the definitions of all kinds. */
  definitions(): readonly Definition[];
  /**
   * Gives the resources of a kind at this moment. `kind` is a type or one of its aliases. Throws `KubespanError("usage")`
   * if no kind has the name, or if several have it.
   */
  list(kind: string, namespace?: string): Promise<Listing>;
  /** Begins to watch a kind. `onNews` is called when `next` may have something to give. */
  watch(kind: string, namespace: string | undefined, onNews: () => void): Promise<Watch>;
}
