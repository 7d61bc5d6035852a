/** The reason why the service refuses a request. The code is the name of a gRPC status. */
export interface Refusal {
  readonly refused: "INVALID_ARGUMENT" | "RESOURCE_EXHAUSTED" | "UNAVAILABLE";
  readonly reason: string;
}

export const malformed = (reason: string): Refusal => ({ refused: "INVALID_ARGUMENT", reason });

export const exhausted = (reason: string): Refusal => ({ refused: "RESOURCE_EXHAUSTED", reason });
