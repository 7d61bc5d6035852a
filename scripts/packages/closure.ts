/** One entry of `packages` in a package-lock.json of version 2 or 3, as far as packages are made from it. */
export interface LockedPackage {
  readonly version?: string;
  /** Subresource integrity: the algorithm, a hyphen, and the hash in base64. */
  readonly integrity?: string;
  readonly resolved?: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** The packages by their path from the root of the project, such as `node_modules/pino`. */
export type Lock = Readonly<Record<string, LockedPackage>>;

/** Declarations of types: no program loads them. */
const isTypesOnly = (name: string): boolean => name.startsWith("@types/");

/**
 * Paths of the packages that these need when they run, themselves included, in order. Optional dependencies are left
 * out: they are for other runtimes than Node. Throws an `Error` where the lock file lacks one.
 */
export function closureOf(lock: Lock, names: readonly string[]): readonly string[] {
  const paths = new Set<string>();
  const visit = (from: string, name: string): void => {
    const path = resolve(lock, from, name);
    if (path === undefined) throw new Error(`package-lock.json has no ${name} for ${from || "the project"}`);
    if (paths.has(path)) return;
    paths.add(path);
    for (const needed of neededBy(lock[path] ?? {})) visit(path, needed);
  };
  for (const name of names) visit("", name);
  return [...paths].toSorted();
}

function neededBy({ dependencies, peerDependencies, peerDependenciesMeta }: LockedPackage): string[] {
  const peers = Object.keys(peerDependencies ?? {}).filter((name) => !peerDependenciesMeta?.[name]?.optional);
  return [...Object.keys(dependencies ?? {}), ...peers].filter((name) => !isTypesOnly(name));
}

/** Finds a package as Node would for a file of the package at `from`: in the nearest node_modules that has it. */
function resolve(lock: Lock, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("node_modules/") - 1))) {
    const path = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
    if (path in lock) return path;
    if (folder === "") return undefined;
  }
}
