import type { ServiceConfig } from "../../config/index.ts";
import { hostPortText } from "../../net/index.ts";

export const locationOf = (service: ServiceConfig): string =>
  `${service.tls ? "https" : "http"}://${hostPortText(service)}`;
