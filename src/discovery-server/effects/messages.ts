import type { status } from "@grpc/grpc-js";
import type { Envelope } from "../../discovery/envelope.ts";
import type { Affiliate } from "../../discovery/wire/generated/server.ts";

export const affiliateMessage = ({ id, data, endpoints }: Envelope): Affiliate => ({
  id,
  data: viewOf(data),
  endpoints: endpoints.map(viewOf),
});

/** About as many as its message has. */
export const envelopeBytes = ({ id, data, endpoints }: Envelope): number =>
  endpoints.reduce((sum, endpoint) => sum + endpoint.length + 2, id.length + data.length + 8);

/** A failure as the library wants it. */
export const grpcError = (code: status, details: string): Error & { code: status; details: string } =>
  Object.assign(new Error(details), { code, details });

const viewOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
