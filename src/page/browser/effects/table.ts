import type { TableForm } from "../columns.ts";
import { type Asked, partText, shownRows } from "../rows.ts";
import { element, setClass, setText } from "./element.ts";

/** A table that can be searched and sorted, and shows one page of its rows. */
export class TableView<Row extends { readonly id: string }> {
  readonly element: HTMLElement;
  readonly #form: TableForm<Row>;
  readonly #body = element("tbody");
  readonly #heads: readonly HTMLTableCellElement[];
  readonly #part = element("p", { role: "status", class: "faint" });
  readonly #previous: HTMLButtonElement;
  readonly #next: HTMLButtonElement;
  readonly #lines = new Map<string, HTMLTableRowElement>();
  #rows: readonly Row[] = [];
  #asked: Asked;

  constructor(form: TableForm<Row>) {
    const { name, title, columns, sortedBy, isDescending = false } = form;
    this.#form = form;
    this.#asked = { search: "", column: sortedBy, isDescending, page: 0 };
    const search = element("input", {
      type: "search",
      id: `${name}-search`,
      autocomplete: "off",
      maxlength: 200,
    });
    search.addEventListener("input", () => this.#ask({ search: search.value, page: 0 }));
    this.#previous = this.#button("Previous", () => this.#ask({ page: this.#asked.page - 1 }));
    this.#next = this.#button("Next", () => this.#ask({ page: this.#asked.page + 1 }));
    this.#heads = columns.map((column, index) => {
      const sort = this.#button(column.title, () => this.#sortBy(index));
      return element("th", { scope: "col", class: column.look }, sort);
    });
    const table = element(
      "table",
      {},
      element("caption", {}, title),
      element("thead", {}, element("tr", {}, ...this.#heads)),
      this.#body,
    );
    const heading = element("h2", { id: `${name}-title` }, title);
    const label = element("label", { for: `${name}-search` }, `Search ${title.toLowerCase()} `);
    const pages = [this.#previous, this.#next];
    this.element = element(
      "section",
      { id: name, "aria-labelledby": `${name}-title`, tabindex: -1 },
      element("div", { class: "bar" }, heading, element("span", {}, label, search), this.#part, ...pages),
      element(
        "div",
        { class: "scroll", tabindex: 0, role: "group", "aria-labelledby": `${name}-title` },
        table,
      ),
    );
  }

  show(rows: readonly Row[]): void {
    this.#rows = rows;
    this.refresh();
  }

  /** Brings what is seen up to date; ages grow. */
  refresh(): void {
    const { columns } = this.#form;
    const now = Date.now();
    const shown = shownRows(this.#rows, columns, this.#asked, now);
    this.#asked = { ...this.#asked, page: shown.page };
    setText(this.#part, partText(shown, this.#rows.length));
    this.#previous.disabled = shown.page === 0;
    this.#next.disabled = shown.page >= shown.pages - 1;
    for (const button of [this.#previous, this.#next]) button.hidden = shown.pages < 2;
    this.#heads.forEach((head, index) => {
      const isSorted = index === this.#asked.column;
      head.setAttribute(
        "aria-sort",
        isSorted ? (this.#asked.isDescending ? "descending" : "ascending") : "none",
      );
    });
    const present = new Set(shown.rows.map(({ id }) => id));
    for (const [id, line] of this.#lines) if (!present.has(id) && this.#lines.delete(id)) line.remove();
    shown.rows.forEach((row, index) => {
      const line = this.#lineOf(row, now);
      const there = this.#body.children[index];
      if (there !== line) this.#body.insertBefore(line, there ?? null);
    });
  }

  #lineOf(row: Row, now: number): HTMLTableRowElement {
    const { columns } = this.#form;
    const known = this.#lines.get(row.id);
    const line =
      known ??
      element(
        "tr",
        {},
        ...columns.map((_, index) => (index === 0 ? element("th", { scope: "row" }) : element("td"))),
      );
    this.#lines.set(row.id, line);
    columns.forEach(({ text, look = "", state }, index) => {
      const cell = line.cells[index];
      if (!cell) return;
      const words = text(row, now);
      setText(cell, words);
      setClass(cell, [look, state?.(row) ?? ""].filter(Boolean).join(" "));
      if (look !== "long" && cell.title !== words) cell.title = words;
    });
    return line;
  }

  #button(text: string, onClick: () => void): HTMLButtonElement {
    const made = element("button", { type: "button" }, text);
    made.addEventListener("click", onClick);
    return made;
  }

  #sortBy(column: number): void {
    const isDescending = this.#asked.column === column && !this.#asked.isDescending;
    this.#ask({ column, isDescending, page: 0 });
  }

  #ask(asked: Partial<Asked>): void {
    this.#asked = { ...this.#asked, ...asked };
    this.refresh();
  }
}
