import { styleText } from "node:util";

type Style = "green" | "red" | "yellow" | "dim" | "bold";

/** Text with colours, if the output is a terminal that supports them. */
export const styled = (style: Style, text: string): string =>
  styleText(style, text, { stream: process.stdout });

export const title = (text: string): void => console.log(`\n${styled("bold", text)}\n`);

const styles: Record<string, Style> = { up: "green", down: "red", connecting: "yellow", unknown: "yellow" };
const width = 12;

/** The state of every pair of nodes: a table that is redrawn on a terminal, and a line for each change elsewhere. */
export class MeshView {
  readonly #names: readonly string[];
  readonly #isTerminal = process.stdout.isTTY;
  #drawn = 0;
  #last: readonly string[] = [];

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  show(states: readonly (readonly string[])[], seconds: number): void {
    if (this.#isTerminal) this.#draw(states, seconds);
    else this.#tell(states, seconds);
  }

  #draw(states: readonly (readonly string[])[], seconds: number): void {
    const cell = (text: string): string => styled(styles[text] ?? "dim", text.padEnd(width));
    const head = `${" ".repeat(width)}${this.#names.map((name) => name.padEnd(width)).join("")}`;
    const rows = states.map(
      (row, index) => `${(this.#names[index] ?? "").padEnd(width)}${row.map(cell).join("")}`,
    );
    const lines = [`${head}${styled("dim", `${seconds.toFixed(1)} s`)}`, ...rows];
    const back = this.#drawn > 0 ? `\u001b[${this.#drawn}A` : "";
    process.stdout.write(`${back}${lines.map((line) => `\u001b[2K  ${line}\n`).join("")}`);
    this.#drawn = lines.length;
  }

  #tell(states: readonly (readonly string[])[], seconds: number): void {
    const lines = states.flatMap((row, from) =>
      row.flatMap((state, to) =>
        state === "up" || state === "down" ? [`${this.#names[from]} sees ${this.#names[to]} ${state}`] : [],
      ),
    );
    for (const line of lines.filter((each) => !this.#last.includes(each)))
      console.log(`  ${seconds.toFixed(1).padStart(5)} s  ${line}`);
    this.#last = lines;
  }
}

/** The findings of a run: each thing that was examined, and whether it was as expected. */
export class Report {
  #failed = 0;
  #passed = 0;

  check(isGood: boolean, text: string): void {
    if (isGood) this.#passed++;
    else this.#failed++;
    console.log(`  ${isGood ? styled("green", "PASS") : styled("red", "FAIL")}  ${text}`);
  }

  get isGood(): boolean {
    return this.#failed === 0;
  }

  summary(): string {
    return `${this.#passed} passed, ${this.#failed} failed`;
  }
}
