import { parseAddressPort } from "../net/index.ts";
import { parsedText, section, trueOrFalse } from "./fields.ts";

const everyAddress: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

const listen = parsedText("an address and a port such as 127.0.0.1:9586 or [::1]:9586", (text) =>
  parseAddressPort(text),
);

/** The metrics. They name the nodes of the mesh and their addresses, so they are shown on every link only where that is said. */
export const metrics = section({
  listen: listen.optional(),
  peers: trueOrFalse().default(true),
  anyAddress: trueOrFalse().default(false),
}).refine(({ listen: at, anyAddress }) => !at || anyAddress || !everyAddress.has(at.host), {
  path: ["listen"],
  error:
    "is every address of this node, at which anybody could read the metrics; expected one address such as 127.0.0.1, or anyAddress: true beside it",
});
