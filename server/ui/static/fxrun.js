// What the pages do in the browser. Everything can be read without it.
(() => {
  "use strict";
  const base = document.documentElement.dataset.base;

  // Times in the zone of the reader; the exact time in UTC stays as the title.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const pad = (n, width = 2) => String(n).padStart(width, "0");
  const clock = (at) => `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
  const localTimes = (root) => {
    for (const time of root.querySelectorAll("time[datetime]:not([data-local])")) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      time.dataset.local = "";
      if ("clock" in time.dataset) { time.textContent = `${clock(at)}.${pad(at.getMilliseconds(), 3)}`; continue; }
      const today = new Date();
      const day = at.toDateString() === today.toDateString() ? "today" : `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
      time.textContent = `${day} ${clock(at)}`;
    }
  };
  localTimes(document);
  document.getElementById("zone").textContent = zone;
  for (const input of document.querySelectorAll("input[data-zone]")) input.value ||= zone;

  // On a phone the menu is one line: the entry of this page is in sight.
  const entry = document.querySelector(".side a[aria-current]");
  const menu = entry?.parentElement;
  if (menu && menu.scrollWidth > menu.clientWidth) menu.scrollLeft = entry.offsetLeft - (menu.clientWidth - entry.offsetWidth) / 2;

  // Light, dark, or as the system has it.
  const theme = document.getElementById("theme");
  const stored = localStorage.getItem("fxrun.theme");
  if (stored) document.documentElement.dataset.theme = stored;
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const isDark = document.documentElement.dataset.theme === "dark" ||
      !document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches;
    document.documentElement.dataset.theme = isDark ? "light" : "dark";
    localStorage.setItem("fxrun.theme", document.documentElement.dataset.theme);
  });

  // A log that grows stays at its end while the reader is there.
  const isAtEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  let following = true;
  const toEnd = () => {
    const log = document.getElementById("lines");
    if (log && "follow" in log.dataset && following) log.scrollTop = log.scrollHeight;
  };
  document.addEventListener("scroll", (event) => { if (event.target.id === "lines") following = isAtEnd(event.target); }, true);
  toEnd();
  new MutationObserver(() => { localTimes(document); toEnd(); }).observe(document.getElementById("content"), { childList: true, characterData: true, subtree: true });

  // An answer that is an error is told.
  const toast = document.getElementById("toast");
  const tell = (text) => { toast.textContent = text; toast.hidden = false; setTimeout(() => { toast.hidden = true; }, 6000); };
  document.addEventListener("fxrun:tell", (event) => tell(event.detail));
  document.addEventListener("htmx:response:error", () => tell("The server could not do that. Its log says why."));

  // The palette.
  const palette = document.getElementById("palette");
  const input = palette.querySelector("input");
  const found = palette.querySelector(".found");
  let asked = 0, answered = Promise.resolve();
  const ask = () => { answered = search(); };
  const search = async () => {
    const number = ++asked;
    const answer = await fetch(`${base}/search?q=${encodeURIComponent(input.value)}`, { headers: { "HX-Request": "true" } });
    const text = await answer.text();
    if (number === asked) found.innerHTML = text;
  };
  const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !isTyping(event.target) || event.key === "k" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      palette.showModal();
      input.select();
      ask();
    }
  });
  input.addEventListener("input", ask);
  palette.addEventListener("keydown", (event) => {
    const links = [...found.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    if (event.key === "Enter" && at < 0) { // the first of what is found for the last letter
      event.preventDefault();
      answered.then(() => found.querySelector("a")?.click());
    }
    if (event.key === "ArrowDown" && links[at + 1]) { event.preventDefault(); links[at + 1].focus(); }
    if (event.key === "ArrowUp" && at >= 0) { event.preventDefault(); (links[at - 1] ?? input).focus(); }
  });

  // One check box selects all rows of its table.
  for (const all of document.querySelectorAll("[data-all]")) {
    all.hidden = false;
    all.addEventListener("change", () => {
      for (const box of all.closest("table").querySelectorAll(`input[name="${all.dataset.all}"]`)) box.checked = all.checked;
      all.closest("table").dispatchEvent(new Event("change", { bubbles: true }));
    });
  }

  // Boxes of the graph are selected as the rows of the table are.
  const picked = document.getElementById("picked");
  if (picked?.querySelector(".picking")) {
    const rowOf = (node) => node?.dataset.id.startsWith("asset ") && picked.querySelector(`input[value="${CSS.escape(node.dataset.id.slice(6))}"]`);
    const show = () => {
      const chosen = new Set([...picked.querySelectorAll("input[name=asset]:checked")].map((box) => "asset " + box.value));
      for (const node of document.querySelectorAll(".graph .node")) node.classList.toggle("picked", chosen.has(node.dataset.id));
      document.getElementById("picked-count").textContent = chosen.size ? `${chosen.size} selected.` : "";
    };
    const boxOf = (node) => { // a long table shows only some of its rows
      if (!node?.dataset.id.startsWith("asset ")) return null;
      let box = rowOf(node);
      if (!box) {
        box = Object.assign(document.createElement("input"), { type: "checkbox", name: "asset", value: node.dataset.id.slice(6), hidden: true });
        picked.append(box);
      }
      return box;
    };
    const toggle = (event) => {
      const box = boxOf(event.target.closest(".graph .node"));
      if (!box) return;
      event.preventDefault();
      box.checked = !box.checked;
      show();
    };
    document.addEventListener("click", (event) => { if (event.ctrlKey || event.metaKey) toggle(event); });
    document.addEventListener("keydown", (event) => { if (event.key === " ") toggle(event); });
    picked.addEventListener("change", show);
    picked.querySelector(".picking").hidden = false;
    show();
  }

  // The arrows go from box to box of a graph, along what they need and who needs them.
  for (const graph of document.querySelectorAll(".graph")) {
    graph.addEventListener("keydown", (event) => {
      const node = event.target.closest("a.node");
      if (!node || !event.key.startsWith("Arrow")) return;
      const here = node.getBoundingClientRect(), ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      const [dx, dy] = ways[event.key];
      let best = null, least = Infinity;
      for (const other of graph.querySelectorAll("a.node")) {
        const there = other.getBoundingClientRect();
        const x = there.left + there.width / 2 - here.left - here.width / 2, y = there.top + there.height / 2 - here.top - here.height / 2;
        const along = x * dx + y * dy, across = Math.abs(x * dy + y * dx);
        if (other === node || along < 4 || dy !== 0 && across > here.width) continue;
        const linked = graph.querySelector(`.edge[data-from="${CSS.escape(node.dataset.id)}"][data-to="${CSS.escape(other.dataset.id)}"], .edge[data-to="${CSS.escape(node.dataset.id)}"][data-from="${CSS.escape(other.dataset.id)}"]`);
        const distance = along + 2 * across - (linked ? 10000 : 0);
        if (distance < least) { least = distance; best = other; }
      }
      if (!best) return;
      event.preventDefault();
      best.focus();
      best.scrollIntoView({ block: "nearest", inline: "nearest" });
    });
  }

  // A timeline of a run that has ended: the part that is dragged over is shown alone.
  for (const gantt of document.querySelectorAll(".gantt[data-length]")) {
    let began = null;
    const part = (svg, x) => { const box = svg.getBoundingClientRect(); return Math.min(1, Math.max(0, (x - box.left) / box.width)); };
    gantt.addEventListener("pointerdown", (event) => {
      const svg = event.target.closest("svg");
      began = svg && event.button === 0 ? { svg, x: event.clientX } : null;
    });
    gantt.addEventListener("pointerup", (event) => {
      if (!began || Math.abs(event.clientX - began.x) < 8) return;
      const [left, right] = [part(began.svg, began.x), part(began.svg, event.clientX)].sort((a, b) => a - b);
      const from = Number(gantt.dataset.from), length = Number(gantt.dataset.length);
      const address = new URL(location.href);
      address.searchParams.set("from", Math.round(from + left * length));
      address.searchParams.set("to", Math.round(from + right * length));
      address.hash = "timeline";
      location.assign(address);
    });
  }

  // Graphs: keys zoom and move, and the arrows of a box light up.
  for (const graph of document.querySelectorAll(".graph")) {
    const svg = graph.querySelector("svg");
    const width = Number(svg.dataset.width), height = Number(svg.dataset.height);
    let zoom = Math.min(1, Math.max(0.65, (graph.clientWidth - 24) / width));
    const show = () => {
      for (const [name, value] of [["width", width * zoom], ["height", height * zoom]]) {
        if (Number(svg.getAttribute(name)) !== value) svg.setAttribute(name, value); // a change costs another layout
      }
    };
    show();
    graph.addEventListener("keydown", (event) => {
      if (event.key === "+" || event.key === "=") zoom = Math.min(2.5, zoom * 1.2);
      else if (event.key === "-") zoom = Math.max(0.1, zoom / 1.2);
      else if (event.key === "0") zoom = Math.min(1, (graph.clientWidth - 24) / width);
      else return;
      event.preventDefault();
      show();
    });
    graph.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      zoom = Math.min(2.5, Math.max(0.1, zoom * (event.deltaY < 0 ? 1.1 : 1 / 1.1)));
      show();
    }, { passive: false });
    const light = (event) => {
      const node = event.target.closest(".node");
      for (const edge of graph.querySelectorAll(".edge")) {
        edge.classList.toggle("lit", node !== null && (edge.dataset.from === node.dataset.id || edge.dataset.to === node.dataset.id));
      }
    };
    graph.addEventListener("pointerover", light);
    graph.addEventListener("focusin", light);
  }
})();
