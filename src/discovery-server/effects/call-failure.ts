import type { status } from "@grpc/grpc-js";

/** A call that cannot be answered well: its client is gone, or has not said anything that could be. */
export class CallFailure extends Error {
  readonly code: status;

  constructor(code: status, details: string) {
    super(details);
    this.code = code;
  }
}
