import { applied } from "../../news.ts";
import type { PageNews, PageState } from "../../wire.ts";
import { bounded } from "../bounded.ts";

interface Reader {
  readonly onState: (state: PageState) => void;
  readonly onStanding: (standing: "live" | "paused" | "connection lost, trying again") => void;
}

/** The time after which a refused stream is asked for again. A lost one the browser asks for by itself. */
const againAfterMs = 5_000;

/** Follows the daemon while the page is looked at. A stream begins with everything, so nothing is missed between two. */
export function follow({ onState, onStanding }: Reader): void {
  let source: EventSource | undefined;
  let known: PageState | undefined;
  let turn = Promise.resolve();
  const read = async (from: EventSource, text: string): Promise<void> => {
    const news = bounded(await new Response(text).json()) as PageNews;
    if (from !== source) return;
    known = applied(known, news);
    onState(known);
  };
  const open = (): void => {
    source?.close();
    if (document.hidden) return onStanding("paused");
    const opened = new EventSource("/page/live");
    source = opened;
    opened.addEventListener("open", () => onStanding("live"));
    opened.addEventListener("message", (event: MessageEvent<string>) => {
      turn = turn.then(() => read(opened, event.data));
    });
    opened.addEventListener("error", () => {
      onStanding("connection lost, trying again");
      if (opened.readyState === EventSource.CLOSED)
        setTimeout(() => opened === source && open(), againAfterMs);
    });
  };
  document.addEventListener("visibilitychange", open);
  open();
}
