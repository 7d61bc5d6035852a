import { z } from "zod";
import { ofForm, parseToolJson, valueOf } from "../base/index.ts";
import type { CiliumFacts } from "./facts.ts";

/** The link that Cilium makes on each node. */
export const ciliumLink = "cilium_host";

/** What Cilium's agent leaves on disk; a file is `undefined` if it is not there or cannot be read. */
interface CiliumFiles {
  /** The header with which the agent compiles its programs (`globals/node_config.h`). It tells what is loaded. */
  readonly header: string | undefined;
  /** The configuration of the running agent (`agent-runtime-config.json`). It tells what was asked for. */
  readonly runtime: string | undefined;
}

const runtimeForm = z.looseObject({
  EnableHostLegacyRouting: z.boolean().optional(),
  KubeProxyReplacement: z.union([z.string(), z.boolean()]).optional(),
});

const defines = (header: string, name: string): boolean =>
  new RegExp(`^[ \\t]*#[ \\t]*define[ \\t]+${name}\\b`, "m").test(header);

/**
 * Tells how Cilium forwards, from what its agent wrote. Where the header and the configuration differ, the agent could not do
 * what it was asked for, and the header is right.
 */
export function readCilium({ header, runtime }: CiliumFiles): CiliumFacts {
  const asked = runtime === undefined ? undefined : valueOf(ofForm(parseToolJson(runtime), runtimeForm));
  const { EnableHostLegacyRouting: isLegacy, KubeProxyReplacement: replacement } = asked ?? {};
  const isReplaced = replacement === undefined ? undefined : ["true", "strict", true].includes(replacement);
  if (header !== undefined)
    return {
      hostRouting: defines(header, "ENABLE_HOST_ROUTING") ? "ebpf" : "legacy",
      replacesKubeProxy: isReplaced ?? defines(header, "ENABLE_NODEPORT"),
    };
  const hostRouting = isLegacy === undefined ? "unknown" : isLegacy ? "legacy" : "ebpf";
  return { hostRouting, replacesKubeProxy: isReplaced };
}
