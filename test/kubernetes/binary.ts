import { join } from "node:path";
import { kubernetes } from "../../lab/programs/index.ts";

/** The path of a real kube-apiserver, which ./set-up.ts builds before any test. */
export const kubeApiServer = async (): Promise<string> => join(await kubernetes(), "kube-apiserver");
