import { type Answer, type Pages, recent } from "../../metrics/effects/index.ts";
import type { Seen } from "../../resources/index.ts";
import { type PageState, pageState } from "../index.ts";
import { assetOf, bundledFolder, headers } from "./assets.ts";
import { Live, mostReaders } from "./live.ts";

interface Sources {
  /** Brings what changes without an event, such as handshakes, up to date. */
  readonly look: () => Promise<void>;
  /** Gives what the daemon has seen by now. */
  readonly see: () => Pick<Seen, "status" | "events">;
  /** The folder of the page's files; absent for that of the installed program. */
  readonly folder?: string;
}

/** Browsers are told of changes at most so often, however many passes there are. */
const tellEveryMs = 1_000;

/** The page, its files and its state. While no browser is open, a pass costs it a comparison. */
export class Page {
  readonly #sources: Sources;
  readonly #live = new Live();
  readonly #recent: () => Promise<PageState>;
  #drawn: PageState | undefined;
  #due: NodeJS.Timeout | undefined;

  constructor(sources: Sources) {
    this.#sources = sources;
    this.#recent = recent(async () => {
      await sources.look();
      return this.#draw();
    });
  }

  get pages(): Pages {
    const { folder = bundledFolder } = this.#sources;
    return {
      "/": assetOf(folder, "index.html", "text/html"),
      "/page/page.js": assetOf(folder, "page.js", "text/javascript"),
      "/page/page.css": assetOf(folder, "page.css", "text/css"),
      "/page/state": async () => jsonOf(await this.#recent()),
      "/page/live": async () => {
        if (this.#live.isFull) return full;
        const state = await this.#recent();
        return this.#live.isFull ? full : (response) => this.#live.open(response, this.#drawn ?? state);
      },
    };
  }

  /** Tells the browsers, if there are any, of what passes have changed. */
  passed(): void {
    if (!this.#live.isRead || this.#due !== undefined) return;
    this.#due = setTimeout(() => {
      this.#due = undefined;
      if (this.#live.isRead) this.#live.tell(this.#draw());
      else this.#drawn = undefined;
    }, tellEveryMs).unref();
  }

  #draw(): PageState {
    this.#drawn = pageState(this.#sources.see(), Date.now(), this.#drawn);
    return this.#drawn;
  }
}

const jsonOf = (state: PageState): Answer => ({
  code: 200,
  text: JSON.stringify(state),
  type: "application/json",
  headers,
});

const full: Answer = {
  code: 503,
  text: `${mostReaders} browsers are being told already: close one of them\n`,
  headers,
};
