import { join } from "node:path";
import type { LabNode } from "./node.ts";

const show = `
set -e
for folder in usr etc; do
  [ -d "$1/$folder" ] || continue
  mkdir -p /run/shown/$folder/upper /run/shown/$folder/work
  mount -t overlay overlay -o "lowerdir=$1/$folder:/$folder,upperdir=/run/shown/$folder/upper,workdir=/run/shown/$folder/work" /$folder
done
`;

/**
 * Shows the node packages that are unpacked into a folder as if they were installed there: over the machine's own /usr,
 * and in a copy of /etc. Both are gone with the node.
 */
export async function showPackages(node: LabNode, folder: string): Promise<void> {
  await node.run("sh", "-c", show, "sh", join(folder, "root"));
}
