// The part of the page that runs in browsers. It draws what the daemon tells, as text and shapes, and asks for nothing else.
import type { PageState } from "../../wire.ts";
import { announcement } from "../announce.ts";
import { forms } from "../columns.ts";
import { countsOf } from "../picture.ts";
import { byId, element, setClass, setText } from "./element.ts";
import { GraphView } from "./graph.ts";
import { follow } from "./stream.ts";
import { TableView } from "./table.ts";

const ways = ["direct", "mapped", "guessed", "relayed", "carried", "none"];
/** Ages on the page grow so often. */
const ageEveryMs = 5_000;

const graph = new GraphView();
const tables = {
  peers: new TableView(forms.peers),
  warnings: new TableView(forms.warnings),
  registries: new TableView(forms.registries),
  events: new TableView(forms.events),
  repairs: new TableView(forms.repairs),
};
byId("tables").append(...Object.values(tables).map((table) => table.element));
byId("legend").append(...ways.map((way) => element("li", { class: way }, `● ${way}`)));

let shown: PageState | undefined;
let next: PageState | undefined;

function draw(): void {
  if (!next) return;
  const [before, state] = [shown, next];
  shown = state;
  next = undefined;
  const { node, peers } = state;
  document.title = `${node.name}, kubespan`;
  setText(byId("node"), node.name);
  setText(byId("work"), node.why === undefined ? node.work : `${node.work}: ${node.why}`);
  setClass(byId("work"), node.work);
  byId("counts").replaceChildren(
    ...countsOf(peers).map(({ name, count }) => element("li", { class: name }, `${count} ${name}`)),
  );
  graph.show(state);
  tables.peers.show(peers);
  tables.warnings.show(state.warnings);
  tables.registries.show(state.registries);
  tables.events.show(state.events);
  tables.repairs.show(state.repairs);
  const news = announcement(before, state);
  if (news !== undefined) setText(byId("news"), news);
}

setInterval(() => {
  if (document.hidden) return;
  for (const table of Object.values(tables)) table.refresh();
}, ageEveryMs);

follow({
  onState: (state) => {
    // News that arrive between two frames are drawn at once.
    if (!next) requestAnimationFrame(draw);
    next = state;
  },
  onStanding: (standing) => setText(byId("stream"), standing),
});
