/** The protocol of the discovery service, as generated from its description. */
export * as wire from "./generated/client.ts";
export { CarryRequest, CarryResponse, RelayService } from "./generated/relay.ts";
export {
  type Affiliate,
  type AffiliateDeleteResponse,
  AffiliateUpdateRequest,
  type AffiliateUpdateResponse,
  ClusterClient,
  ClusterService,
  type HelloResponse,
  ListResponse,
  WatchRequest,
  WatchResponse,
} from "./generated/server.ts";
