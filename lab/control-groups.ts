import { existsSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const root = "/sys/fs/cgroup";

/** A hierarchy of control groups of version 1, or the one of version 2 beside them. */
export interface Hierarchy {
  /** The folder below /sys/fs/cgroup. */
  readonly folder: string;
  /** The controllers, as `mount` takes them; undefined for version 2. */
  readonly controllers: string | undefined;
  /** The group of this process, below which all others are made. */
  readonly own: string;
}

/**
 * The hierarchies of this machine. Throws where there is only version 2, in which a group cannot have both processes
 * and groups below it.
 */
export function hierarchies(): Hierarchy[] {
  const all = readFileSync("/proc/self/cgroup", "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [, names = "", path = "/"] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      const folder = names === "" ? "unified" : names.replace("name=", "");
      const own = join(root, folder, path);
      const controllers = names.startsWith("name=") ? `none,${names}` : names || undefined;
      // In a container the path may be that of the machine, and then the container's own group is the root.
      return { folder, controllers, own: existsSync(own) ? own : join(root, folder) };
    })
    .filter(({ folder }) => existsSync(join(root, folder)));
  if (!all.some(({ folder }) => folder.includes("memory")))
    throw new Error(
      "kubelets in namespaces need control groups of version 1, which this machine has not: boot it with " +
        "systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=1",
    );
  return all;
}

/** Makes a group of this name in each hierarchy. Gives their paths. */
export async function makeControlGroups(name: string): Promise<string[]> {
  const paths: string[] = [];
  for (const { folder, own } of hierarchies()) {
    const path = join(own, name);
    await mkdir(path, { recursive: true });
    // A new group of this kind has no processors, and takes no process before it has.
    if (folder.split(",").includes("cpuset"))
      for (const file of ["cpuset.cpus", "cpuset.mems"])
        await writeFile(join(path, file), await readFile(join(own, file), "utf8"));
    paths.push(path);
  }
  return paths;
}

/** The command line that becomes a member of these groups before it becomes a command. */
export const joining = (groups: readonly string[], argv: readonly string[]): string[] => [
  "sh",
  "-c",
  `for group in ${groups.join(" ")}; do echo $$ >$group/cgroup.procs; done; exec "$@"`,
  "sh",
  ...argv,
];

/** The commands of a shell that mount all hierarchies in a folder, for processes with a namespace of control groups. */
export const mountControlGroups = (at: string): string[] => [
  `mount -t tmpfs -o mode=755 cgroup ${at}`,
  ...hierarchies().flatMap(({ folder, controllers }) => {
    const path = `${at}/${folder}`;
    const mount =
      controllers === undefined ? "mount -t cgroup2 cgroup2" : `mount -t cgroup -o ${controllers} cgroup`;
    const each = folder.split(",");
    const links = each.length > 1 ? each.map((name) => `ln -s ${folder} ${at}/${name}`) : [];
    return [`mkdir ${path}`, `${mount} ${path}`, ...links];
  }),
];

/** The processes in all groups of this name and below, which may have left the namespaces where they began. */
export function membersOf(name: string): number[] {
  const groups = existing(name).flatMap((path) => [path, ...below(path)]);
  const lines = groups.flatMap((group) =>
    unlessGone(() => readFileSync(join(group, "cgroup.procs"), "utf8").split("\n"), []),
  );
  return [...new Set(lines.filter(Boolean).map(Number))];
}

/** Removes the groups of this name, in which no process is any more. */
export function removeControlGroups(name: string): void {
  for (const path of existing(name))
    for (const group of [...below(path), path]) unlessGone(() => rmdirSync(group), undefined);
}

const existing = (name: string): string[] =>
  readFileSync("/proc/self/cgroup", "utf8").includes(":memory:")
    ? hierarchies()
        .map(({ own }) => join(own, name))
        .filter((path) => existsSync(path))
    : [];

/** The groups below one, the deepest first. */
const below = (path: string): string[] =>
  unlessGone(() => readdirSync(path, { withFileTypes: true }), [])
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => [...below(join(path, name)), join(path, name)]);

/** Does something with a group that a container runtime, at its end, may remove at the same time. */
function unlessGone<Value>(work: () => Value, otherwise: Value): Value {
  try {
    return work();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENODEV") return otherwise;
    throw error;
  }
}
