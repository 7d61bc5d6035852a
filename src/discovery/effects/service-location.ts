import type { ServiceConfig } from "../../config/index.ts";

/** `host:port`, IPv6 in brackets. */
export const authorityOf = ({ host, port }: Pick<ServiceConfig, "host" | "port">): string =>
  `${host.includes(":") ? `[${host}]` : host}:${port}`;

export const locationOf = (service: ServiceConfig): string =>
  `${service.tls ? "https" : "http"}://${authorityOf(service)}`;
