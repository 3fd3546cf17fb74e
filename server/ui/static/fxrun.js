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

  // The launch page: form and text in step, checked by the server.
  const launch = document.getElementById("launch");
  if (launch) {
    const yaml = document.getElementById("yaml");
    let number = 0, timer = 0;
    const check = async (changed) => {
      const mine = ++number;
      const body = new URLSearchParams(new FormData(launch));
      if (changed) body.set("changed", changed);
      const answer = await fetch(launch.dataset.check, { method: "POST", body, headers: { "HX-Request": "true" } });
      if (mine !== number) return;
      if (!answer.ok) { tell("The server could not check the config. Its log says why."); return; }
      const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.getElementById("launch-faults").replaceWith(parsed.getElementById("launch-faults"));
      document.getElementById("preview").replaceWith(parsed.querySelector("hx-partial #preview"));
      renew(document.getElementById("sections"), parsed.querySelector("hx-partial #sections"));
      const written = parsed.getElementById("written");
      if (written) replaceText(yaml, written.value);
      mark();
    };
    // The field that is being typed into stays as it is.
    const renew = (old, fresh) => {
      const active = document.activeElement;
      const isSame = active && active.dataset && "config" in active.dataset && fresh.querySelector(`[name="${CSS.escape(active.name)}"]`);
      if (!isSame) { old.replaceWith(fresh); return; }
      for (const row of fresh.querySelectorAll(".row")) {
        const before = document.getElementById(row.id);
        if (before && before.contains(active)) {
          const err = before.querySelector(".err"), next = row.querySelector(".err");
          if (err) err.remove();
          if (next) active.parentElement.insertBefore(next, before.querySelector("small"));
          active.setAttribute("aria-invalid", String(Boolean(next)));
          before.querySelector(".src").textContent = row.querySelector(".src").textContent;
        } else if (before) {
          before.replaceWith(row);
        }
      }
    };
    // Only what differs is replaced, so that the caret stays where it is.
    const replaceText = (area, text) => {
      const old = area.value;
      if (old === text) return;
      let from = 0, end = 0;
      while (from < old.length && from < text.length && old[from] === text[from]) from++;
      while (end < old.length - from && end < text.length - from && old[old.length - 1 - end] === text[text.length - 1 - end]) end++;
      area.setRangeText(text.slice(from, text.length - end), from, old.length - end, "preserve");
    };
    const mark = () => yaml.setAttribute("aria-invalid", String(document.querySelectorAll("#launch-faults [data-line]:not([data-line='0'])").length > 0));
    const later = (changed) => { clearTimeout(timer); timer = setTimeout(() => check(changed), 250); };
    launch.addEventListener("input", (event) => {
      if (event.target === yaml) later("");
      else if ("config" in event.target.dataset) later(event.target.name);
    });
    yaml.addEventListener("keydown", (event) => { // Tab indents; after Escape it leaves the field
      if (event.key !== "Tab" || event.shiftKey || yaml.dataset.leave) return;
      event.preventDefault();
      yaml.setRangeText("  ", yaml.selectionStart, yaml.selectionEnd, "end");
      later("");
    });
    yaml.addEventListener("keyup", (event) => { yaml.dataset.leave = event.key === "Escape" ? "yes" : ""; });
    launch.addEventListener("submit", () => {
      for (const field of launch.querySelectorAll("[data-config]")) field.disabled = true; // the text has it all
    });
    document.querySelector("#what select").addEventListener("change", (event) => {
      event.target.form.querySelector("[name=select]").value = "";
      event.target.form.submit();
    });
  }
})();
