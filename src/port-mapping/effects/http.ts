import { request } from "node:http";

interface Asked {
  readonly url: URL;
  readonly signal: AbortSignal;
  /** The action and its body; without one the document at the URL is got. */
  readonly post?: { readonly action: string; readonly body: string };
}

interface Answered {
  readonly status: number;
  readonly text: string;
}

/** The most bytes of an answer and of its head, and the milliseconds that it may take. */
const most = { bodyBytes: 65_536, headBytes: 8_192, ms: 3_000 } as const;

/** Asks a router over HTTP. No other place is asked, whatever it answers; `undefined` where the answer does not come or is too long. */
export function askByHttp({ url, signal, post }: Asked): Promise<Answered | undefined> {
  return new Promise((resolve) => {
    const asked = request(
      url,
      {
        method: post ? "POST" : "GET",
        agent: false,
        maxHeaderSize: most.headBytes,
        signal: AbortSignal.any([signal, AbortSignal.timeout(most.ms)]),
        headers: post
          ? {
              "content-type": 'text/xml; charset="utf-8"',
              "content-length": Buffer.byteLength(post.body),
              soapaction: `"${post.action}"`,
            }
          : {},
      },
      (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > most.bodyBytes) asked.destroy();
          else chunks.push(chunk);
        });
        response.on("error", () => resolve(undefined));
        response.on("close", () =>
          resolve(
            response.complete && bytes <= most.bodyBytes
              ? { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }
              : undefined,
          ),
        );
      },
    );
    asked.on("error", () => resolve(undefined));
    asked.on("upgrade", () => asked.destroy());
    asked.end(post?.body);
  });
}
