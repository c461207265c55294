"use strict";

// Every heading of a table becomes a button that sorts by its column; what has no number comes last.
function numeric(cell) {
  return "value" in cell.dataset ? Number(cell.dataset.value.replace("inf", "Infinity")) : NaN;
}
function sortBy(table, column, sign) {
  const rows = [...table.tBodies[0].rows];
  const textual = rows.every((row) => Number.isNaN(numeric(row.cells[column])));
  rows.sort((a, b) => {
    const [u, v] = [a.cells[column], b.cells[column]];
    if (textual) return u.textContent === v.textContent ? 0 : sign * (u.textContent < v.textContent ? -1 : 1);
    const [m, n] = [numeric(u), numeric(v)];
    if (Number.isNaN(m) || Number.isNaN(n)) return Number.isNaN(m) - Number.isNaN(n);
    return m === n ? 0 : sign * (m < n ? -1 : 1);
  });
  table.tBodies[0].append(...rows);
}
for (const table of document.querySelectorAll("table")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      sortBy(table, column, up ? 1 : -1);
    });
  });
}

// Of a choice's panels, those are shown whose options are all chosen.
for (const choice of document.querySelectorAll(".choice")) {
  const show = () => {
    const chosen = [...choice.querySelectorAll("input:checked")].map((input) => input.value);
    for (const panel of choice.querySelectorAll(".panel"))
      panel.hidden = !panel.dataset.options.split(" ").every((option) => chosen.includes(option));
  };
  choice.classList.add("chosen");
  choice.querySelector(".questions").hidden = false;
  choice.addEventListener("change", show);
  show();
}

// Points of a plot tell their figures when the pointer or the keyboard is at them; Escape closes what they say.
const tip = document.getElementById("tip");
let told = null;
function place() {
  tip.hidden = told === null;
  if (tip.hidden) return;
  tip.textContent = told.dataset.tip;
  const at = told.querySelector("g").getBoundingClientRect();
  const left = Math.min(Math.max(at.left + at.width / 2 - tip.offsetWidth / 2, 8), innerWidth - tip.offsetWidth - 8);
  const above = at.top - tip.offsetHeight - 6;
  tip.style.left = `${left}px`;
  tip.style.top = `${above < 8 ? at.bottom + 6 : above}px`;
}
function tell(point) {
  told = point;
  place();
}
for (const kind of ["pointerover", "focusin"])
  document.addEventListener(kind, (event) => tell(event.target.closest?.("[data-tip]") ?? null));
document.addEventListener("keydown", (event) => { if (event.key === "Escape") tell(null); });
for (const kind of ["scroll", "resize"]) addEventListener(kind, place, { passive: true });
