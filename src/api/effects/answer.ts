import type { ServerResponse } from "node:http";
import { errorText, KubespanError } from "../../base/index.ts";
import type { Failure } from "../routes.ts";

/** Sends JSON as the whole answer. */
export function answer(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { "content-type": "application/json", connection: "close" });
  response.end(`${JSON.stringify(body)}\n`);
}

/** Sends the failure that the command prints. An error's code and hint are for the operator who typed the command. */
export const answerFailure = (response: ServerResponse, error: unknown): void =>
  answer(response, error instanceof KubespanError && error.code === "usage" ? 400 : 500, failureOf(error));

const failureOf = (error: unknown): Failure =>
  error instanceof KubespanError
    ? { error: error.message, code: error.code, ...(error.hint !== undefined && { hint: error.hint }) }
    : { error: errorText(error) };
