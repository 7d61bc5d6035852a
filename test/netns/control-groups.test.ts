import { existsSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { membersOf } from "../../lab/control-groups.ts";
import { Lab, type LabNode, waitFor } from "../../lab/index.ts";

/*
 * What the lab gives to nodes that run containers, on machines with control groups of version 1 and, as in the emulated machine,
 * of version 2 alone.
 */
let lab: Lab;
let node: LabNode;

beforeAll(async () => {
  lab = await Lab.open();
  node = await lab.machine("limited");
});
afterAll(() => lab.close());

/** Makes a group as a container runtime does, and becomes a process in it. Prints the limit that the group has. */
const limited = `set -e
cd /sys/fs/cgroup
if [ -e cgroup.controllers ]; then limit=memory.max; else cd memory; limit=memory.limit_in_bytes; fi
mkdir pod
echo 16777216 >pod/$limit
echo $$ >pod/cgroup.procs
cat pod/$limit
exec sleep infinity`;

test("a machine limits the memory of a group, knows who is in it, and leaves no group", async () => {
  const { name } = node.namespace;
  const before = membersOf(name).length;
  const running = node.namespace.attempt("bash", "-c", limited);
  await waitFor(() => membersOf(name).length > before, { what: "a process in the group" });
  await waitFor(async () => (await node.run("bash", "-c", "cat /proc/[0-9]*/cgroup")).includes("/pod"), {
    what: "a process in the pod's group",
  });
  node.namespace.kill();
  expect((await running).stdout.trim()).toBe("16777216");
  await lab.close();
  for (const folder of ["", "memory", "unified"])
    expect(existsSync(`/sys/fs/cgroup/${folder}/${name}`)).toBe(false);
});
