import { clusterPrograms } from "../../lab/programs/index.ts";

/** Makes what a cluster consists of, where it is not there yet: no test's limit holds here. */
export default async function setUp(): Promise<void> {
  await clusterPrograms();
}
