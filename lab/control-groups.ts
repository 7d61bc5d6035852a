import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const root = "/sys/fs/cgroup";

/** A hierarchy of control groups: one of version 1, the one of version 2 beside those, or that of version 2 alone. */
export interface Hierarchy {
  /** The folder below /sys/fs/cgroup; empty for version 2 alone, which is mounted there. */
  readonly folder: string;
  /** The controllers, as `mount` takes them; undefined for version 2. */
  readonly controllers: string | undefined;
  /** The group below which all others are made. */
  readonly own: string;
}

/** Whether there is version 2 alone, as in distributions since 2021. */
export const isUnified = (): boolean => existsSync(join(root, "cgroup.controllers"));

/**
 * The hierarchies of this machine. Groups are made below that of this process, but of version 2 alone below the root: no other
 * group can have both processes and controllers for groups below it.
 */
export function hierarchies(): Hierarchy[] {
  if (isUnified()) return [{ folder: "", controllers: undefined, own: root }];
  return readFileSync("/proc/self/cgroup", "utf8")
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
}

/** The group of version 2 for the processes of a group that passes its controllers on, which can have none itself. */
const leaf = "init";

/** What a kubelet wants to limit. */
const wanted = ["cpu", "cpuset", "io", "memory", "pids"];
const switches = join(root, "cgroup.subtree_control");
/** The controllers that the root of version 2 did not pass on before. */
const switchedOn = new Set<string>();

function switchControllersOn(): void {
  if (!isUnified()) return;
  const [there, on] = [join(root, "cgroup.controllers"), switches].map((file) =>
    readFileSync(file, "utf8").split(/\s+/),
  );
  for (const name of wanted) {
    if (!there?.includes(name) || on?.includes(name)) continue;
    writeFileSync(switches, `+${name}`);
    switchedOn.add(name);
  }
}

function switchControllersOff(): void {
  for (const name of switchedOn)
    try {
      writeFileSync(switches, `-${name}`);
      switchedOn.delete(name);
    } catch (error) {
      if (!hasCode(error, "EBUSY")) throw error; // another group needs it, and is removed later
    }
}

/** Makes a group of this name in each hierarchy. Gives their paths. */
export async function makeControlGroups(name: string): Promise<string[]> {
  switchControllersOn();
  const paths: string[] = [];
  for (const { folder, own } of hierarchies()) {
    const path = join(own, name);
    await mkdir(folder === "" ? join(path, leaf) : path, { recursive: true });
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
  `for group in ${groups.join(" ")}; do
     { echo $$ >$group/cgroup.procs; } 2>/dev/null || echo $$ >$group/${leaf}/cgroup.procs || exit
   done
   exec "$@"`,
  "sh",
  ...argv,
];

/** The commands of a shell that mount all hierarchies in a folder, for processes with a namespace of control groups. */
export const mountControlGroups = (at: string): string[] =>
  isUnified()
    ? [`mount -t cgroup2 cgroup2 ${at}`]
    : [
        `mount -t tmpfs -o mode=755 cgroup ${at}`,
        ...hierarchies().flatMap(({ folder, controllers }) => {
          const path = `${at}/${folder}`;
          const mount =
            controllers === undefined
              ? "mount -t cgroup2 cgroup2"
              : `mount -t cgroup -o ${controllers} cgroup`;
          const each = folder.split(",");
          const links = each.length > 1 ? each.map((name) => `ln -s ${folder} ${at}/${name}`) : [];
          return [`mkdir ${path}`, `${mount} ${path}`, ...links];
        }),
      ];

/**
 * The commands of a shell after which the groups that are made in a namespace of control groups have all controllers, where it
 * takes something to get them: of version 2, that no process is in the group above them.
 */
export const passControllersOn = (at: string): string[] =>
  isUnified()
    ? [
        `echo $$ >${at}/${leaf}/cgroup.procs`,
        `for name in $(cat ${at}/cgroup.controllers); do echo +$name >${at}/cgroup.subtree_control; done`,
      ]
    : [];

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
  switchControllersOff();
}

const existing = (name: string): string[] =>
  hierarchies()
    .map(({ own }) => join(own, name))
    .filter((path) => existsSync(path));

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
    if (hasCode(error, "ENOENT", "ENODEV")) return otherwise;
    throw error;
  }
}

const hasCode = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && "code" in error && codes.includes(String(error.code));
