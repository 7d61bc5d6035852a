import { z } from "zod";
import { type Endpoint, parseEndpoint } from "../net/index.ts";

/**
 * A message about a path that two members guess. `nodeId` is the member of which it is, beside the sender; `number` grows from
 * one message of the sender to the next, so that none counts twice.
 */
export type GuessNotice = { readonly nodeId: string; readonly number: number } & (
  | /** The question to a relay where that member is. */ { readonly kind: "introduce" }
  /** The answer of a relay, which sees that member at `endpoint`, and the recipient at `own`. */
  | { readonly kind: "introduction"; readonly endpoint: Endpoint; readonly own: Endpoint }
  /** The invitation to open mappings to the endpoint of the sender: packets with this token come to some of them. */
  | { readonly kind: "open"; readonly endpoint: Endpoint; readonly token: string }
  /** The mappings are open; `ports` are those at which a server saw sockets of the sender before and after. */
  | { readonly kind: "opened"; readonly token: string; readonly ports: readonly number[] }
);

const kinds: readonly string[] = [
  "introduce",
  "introduction",
  "open",
  "opened",
] satisfies readonly GuessNotice["kind"][];

export const isAboutGuess = (notice: { readonly kind: string }): notice is GuessNotice =>
  kinds.includes(notice.kind);

/** The length of a token in bytes. */
export const tokenBytes = 8;

const common = {
  nodeId: z.string().min(1).max(256),
  number: z.int().nonnegative(),
  proof: z.base64().length(24),
};
const endpoint = z.string().max(64);
const token = z.base64().length(12);

/** The forms of these messages. */
export const guessShapes = [
  z.strictObject({ ...common, notice: z.literal("introduce") }),
  z.strictObject({ ...common, notice: z.literal("introduction"), endpoint, own: endpoint }),
  z.strictObject({ ...common, notice: z.literal("open"), endpoint, token }),
  z.strictObject({
    ...common,
    notice: z.literal("opened"),
    token,
    ports: z.array(z.int().min(1).max(65_535)).max(4),
  }),
] as const;

type GuessShape = z.output<(typeof guessShapes)[number]>;

/** The notice of a message; `undefined` where an endpoint in it is none, or is written in another way than by us. */
export function guessNoticeOf(data: GuessShape): GuessNotice | undefined {
  const { nodeId, number } = data;
  switch (data.notice) {
    case "introduce":
      return { kind: data.notice, nodeId, number };
    case "introduction": {
      const [seen, own] = [canonical(data.endpoint), canonical(data.own)];
      return seen && own && { kind: data.notice, nodeId, number, endpoint: seen, own };
    }
    case "open": {
      const seen = canonical(data.endpoint);
      return seen && { kind: data.notice, nodeId, number, endpoint: seen, token: data.token };
    }
    case "opened":
      return { kind: data.notice, nodeId, number, token: data.token, ports: data.ports };
  }
}

/** What a proof covers beside kind, node and number. */
export function guessFields(notice: GuessNotice): readonly unknown[] {
  switch (notice.kind) {
    case "introduce":
      return [];
    case "introduction":
      return [notice.endpoint, notice.own];
    case "open":
      return [notice.endpoint, notice.token];
    case "opened":
      return [notice.token, notice.ports];
  }
}

function canonical(text: string): Endpoint | undefined {
  const parsed = parseEndpoint(text);
  return parsed === text ? parsed : undefined;
}
