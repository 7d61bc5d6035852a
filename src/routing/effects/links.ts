import type { Runner } from "../../system/run.ts";
import { type Link, parseLinks } from "../index.ts";

/** All links with their addresses. Throws `KubespanError("command")`. */
export const observeLinks = async (run: Runner): Promise<Link[]> =>
  parseLinks(await run({ program: "ip", args: ["-j", "-d", "address", "show"] }));
