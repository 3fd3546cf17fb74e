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
  new MutationObserver(() => { localTimes(document); toEnd(); }).observe(document.getElementById("content"), { childList: true, subtree: true });

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
    const show = () => { svg.setAttribute("width", width * zoom); svg.setAttribute("height", height * zoom); };
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
