import type { status } from "@grpc/grpc-js";

/** A call that cannot be answered properly, because its client is gone or its request is malformed or late. */
export class CallFailure extends Error {
  readonly code: status;

  constructor(code: status, details: string) {
    super(details);
    this.code = code;
  }
}
