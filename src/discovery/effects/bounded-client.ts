import { type Client, makeGenericClientConstructor } from "@grpc/grpc-js";
import { largestAnswerBytes, unboundedReason } from "../message-bounds.ts";
import { type ClusterClient, ClusterService, RelayService } from "../wire/index.ts";

/**
 * The error that is thrown while the library decodes a message. The library reports it as the reason for its failure.
 */
export const outOfBounds = "the service's message is out of bounds";

const affiliates =
  <Message>(decode: (bytes: Buffer) => Message) =>
  (bytes: Buffer): Message => {
    const reason = unboundedReason(bytes);
    if (reason !== undefined) throw new Error(`${outOfBounds}: ${reason}`);
    return decode(bytes);
  };

const small =
  <Message>(decode: (bytes: Buffer) => Message) =>
  (bytes: Buffer): Message => {
    if (bytes.length > largestAnswerBytes) throw new Error(`${outOfBounds}: it has ${bytes.length} bytes`);
    return decode(bytes);
  };

const { hello, affiliateUpdate, affiliateDelete, list, watch } = ClusterService;

/** The client of the service, which measures every message before it decodes it. */
export const BoundedClient = makeGenericClientConstructor(
  {
    hello: { ...hello, responseDeserialize: small(hello.responseDeserialize) },
    affiliateUpdate: { ...affiliateUpdate, responseDeserialize: small(affiliateUpdate.responseDeserialize) },
    affiliateDelete: { ...affiliateDelete, responseDeserialize: small(affiliateDelete.responseDeserialize) },
    list: { ...list, responseDeserialize: affiliates(list.responseDeserialize) },
    watch: { ...watch, responseDeserialize: affiliates(watch.responseDeserialize) },
  },
  "sidero.discovery.server.Cluster",
) as unknown as new (
  ...parameters: ConstructorParameters<typeof Client>
) => ClusterClient;

/** The method that carries packets, of which the client measures every message, too. */
export const boundedCarry = {
  ...RelayService.carry,
  responseDeserialize: small(RelayService.carry.responseDeserialize),
};
