import { request } from "node:http";
import { errorText } from "../../base/index.ts";
import { credentialsOf, type Proxy } from "../../config/index.ts";
import { type HostPort, hostPortText } from "../../net/index.ts";
import { printable } from "../text.ts";

const timeoutMs = 5_000;

/**
 * Asks a proxy to connect to a server, as the gRPC library did, which does not tell why that failed. Gives the reason in
 * words, without the password; `undefined` if the proxy connects, so that the reason is behind it.
 */
export function proxyProblem(
  proxy: Proxy,
  server: HostPort,
  signal: AbortSignal,
): Promise<string | undefined> {
  const path = hostPortText(server);
  const userAndPassword = credentialsOf(proxy);
  const headers = {
    host: path,
    ...(userAndPassword !== undefined && {
      "proxy-authorization": `Basic ${Buffer.from(userAndPassword).toString("base64")}`,
    }),
  };
  return new Promise((resolve) => {
    const asked = request({
      host: proxy.host,
      port: proxy.port,
      method: "CONNECT",
      path,
      headers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    asked.once("connect", ({ statusCode, statusMessage }, socket) => {
      socket.destroy();
      resolve(
        statusCode === 200 ? undefined : `it answers ${statusCode} ${printable(statusMessage ?? "", 60)}`,
      );
    });
    asked.once("response", (response) => {
      asked.destroy();
      resolve(`it answers ${response.statusCode} to CONNECT`);
    });
    asked.once("error", (error) => resolve(printable(errorText(error), 120)));
    asked.end();
  });
}
