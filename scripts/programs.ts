// Makes the programs of others that the tests run, before any test, whose time is limited.
import { clusterPrograms } from "../lab/programs/index.ts";

await clusterPrograms();
