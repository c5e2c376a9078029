"use strict";
(() => {
  const content = JSON.parse(document.getElementById("content").textContent);
  const make = (tag, text, kind) => {
    const found = document.createElement(tag);
    if (text) found.textContent = text;
    if (kind) found.className = kind;
    return found;
  };

  // Each picture stands in the page once, or in the content; what shows it again takes it from there.
  const sources = content.pictures;
  for (const image of document.querySelectorAll("img[data-picture][src]")) sources[image.dataset.picture] = image.src;
  for (const image of document.querySelectorAll("img[data-picture]:not([src])")) image.src = sources[image.dataset.picture];

  const picture = (key, alt) => {
    const number = key.slice(1);
    if (key[0] === "d") {
      const drawn = new DOMParser().parseFromString(content.drawings[number], "text/html").body.firstChild;
      drawn.setAttribute("aria-label", alt);
      return document.importNode(drawn, true);
    }
    const frame = make("span", "", "pixels");
    const image = make("img");
    image.addEventListener("load", () => frame.classList.toggle("tiny", Math.max(image.naturalWidth, image.naturalHeight) <= 64));
    image.alt = alt;
    image.src = sources[number];
    frame.append(image);
    return frame;
  };

  const figure = (title, key, alt, note) => {
    const found = make("figure");
    const caption = make("figcaption");
    caption.append(make("bdi", title));
    caption.title = title;
    found.append(caption, picture(key, alt));
    if (note) found.append(make("p", note, "note"));
    return found;
  };

  const example = (item) => {
    const found = make("li");
    const name = make("p", "", "file");
    name.append(make("bdi", item.name));
    const row = make("div", "", "three");
    row.append(figure(item.confidence + " sure", item.picture, "an example of " + item.true));
    for (const heat of item.heats) row.append(figure(heat.title, heat.picture, "Grad-CAM " + heat.title, heat.note));
    found.append(name, row);
    return found;
  };

  const opened = document.getElementById("opened");
  const buttons = [...document.querySelectorAll("button[data-cell]")];
  const open = (button) => {
    const cell = content.cells[button.dataset.cell];
    for (const other of buttons) other.setAttribute("aria-expanded", String(other === button));
    const list = make("ul", "", "examples");
    for (const item of cell.items) list.append(example(item));
    opened.replaceChildren(make("h3", cell.title), list);
    if (cell.rest.length) {
      const rest = make("details");
      rest.append(make("summary", "The names of " + cell.rest.length + " others"));
      const names = make("ul");
      for (const name of cell.rest) {
        const entry = make("li");
        entry.append(make("bdi", name));
        names.append(entry);
      }
      rest.append(names);
      if (cell.more) rest.append(make("p", "and " + cell.more + " more, all of them in the run's splits.csv"));
      opened.append(rest);
    }
    opened.scrollIntoView({ block: "nearest" });
  };

  // One stop of the Tab key for the whole matrix; the arrow keys go from cell to cell.
  const rows = [...document.querySelectorAll(".confusion tbody tr")];
  const at = (row, column) => rows[row] && rows[row].cells[column] && rows[row].cells[column].querySelector("button");
  const steps = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
  const move = (event, button) => {
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    const cell = button.closest("td");
    let [row, column] = [rows.indexOf(cell.parentElement), cell.cellIndex];
    while (rows[row] && rows[row].cells[column]) {
      row += step[0];
      column += step[1];
      const next = at(row, column);
      if (next) {
        button.tabIndex = -1;
        next.tabIndex = 0;
        next.focus();
        return;
      }
    }
  };
  buttons.forEach((button, number) => {
    button.tabIndex = number ? -1 : 0;
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => open(button));
    button.addEventListener("keydown", (event) => move(event, button));
  });

  for (const film of document.querySelectorAll(".film")) {
    const frames = [...film.querySelectorAll(".frame")];
    const [play, range] = [film.querySelector(".play"), film.querySelector("input")];
    let timer = 0;
    const show = (number) => {
      range.value = (number + frames.length) % frames.length;
      frames.forEach((frame, place) => { frame.hidden = place !== Number(range.value); });
    };
    const stop = () => { clearInterval(timer); timer = 0; play.textContent = "Play"; };
    const go = (by) => () => { stop(); show(Number(range.value) + by); };
    play.addEventListener("click", () => {
      if (timer) { stop(); return; }
      timer = setInterval(() => show(Number(range.value) + 1), 1000 * film.dataset.seconds);
      play.textContent = "Pause";
    });
    film.querySelector(".back").addEventListener("click", go(-1));
    film.querySelector(".on").addEventListener("click", go(1));
    range.addEventListener("input", () => { stop(); show(Number(range.value)); });
  }

  const root = document.documentElement;
  const theme = document.getElementById("theme");
  const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const name = () => { theme.textContent = isDark() ? "Light colours" : "Dark colours"; };
  theme.hidden = false;
  theme.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; name(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name);
  name();
})();
