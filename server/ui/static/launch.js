// The launch page: the form and the YAML are one config, which the server checks at each
// change. The fields of the form change the YAML on the server; the YAML is what is sent.
const launch = document.getElementById("launch");
const area = document.getElementById("yaml");
const tell = (text) => document.dispatchEvent(new CustomEvent("fxrun:tell", { detail: text }));
let editor = null, number = 0, timer = 0;

const faults = () => JSON.parse(document.getElementById("fault-places").textContent);

const check = async (changed) => {
  const mine = ++number;
  clearTimeout(timer);
  const body = new URLSearchParams(new FormData(launch));
  if (changed) {
    body.set("changed", changed.name);
    body.set(changed.name, changed.value);
    body.set("type", changed.type);
  }
  const answer = await fetch(launch.dataset.check, { method: "POST", body, headers: { "HX-Request": "true" } }).catch(() => null);
  if (mine !== number) return; // something was typed since
  if (!answer?.ok) { tell("The server could not check the config. Its log says why."); return; }
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (mine !== number) return;
  document.getElementById("launch-faults").replaceWith(parsed.getElementById("launch-faults"));
  document.getElementById("preview").replaceWith(parsed.querySelector("hx-partial #preview"));
  renew(document.getElementById("sections"), parsed.querySelector("hx-partial #sections"));
  const written = parsed.getElementById("written");
  if (written) setText(written.value);
  mark();
};

const setText = (text) => {
  area.value = text;
  editor?.setText(text);
};

const mark = () => {
  const found = faults();
  area.setAttribute("aria-invalid", String(found.some((fault) => fault.line > 0)));
  editor?.setFaults(found);
};

// The control that a person works with stays as it is; all else of the form is renewed.
const renew = (old, fresh) => {
  const active = document.activeElement;
  const row = active?.closest?.("#sections .row");
  const next = row && fresh.querySelector(`#${CSS.escape(row.id)}`);
  const twin = next && (active.id ? next.querySelector(`#${CSS.escape(active.id)}`) : next.querySelector(`[data-slides="${active.dataset.slides ?? ""}"]`));
  if (!twin || twin.tagName !== active.tagName || twin.name !== active.name) {
    old.replaceWith(fresh);
    if (next) next.querySelector("[data-config]")?.focus(); // the control was exchanged for another one
    return;
  }
  for (const one of fresh.querySelectorAll(".row")) {
    const before = document.getElementById(one.id);
    if (before && before !== row) before.replaceWith(one);
  }
  for (const name of ["aria-invalid", "aria-describedby"]) {
    if (twin.hasAttribute(name)) active.setAttribute(name, twin.getAttribute(name)); else active.removeAttribute(name);
  }
  row.querySelector(".err")?.remove();
  const err = next.querySelector(".err");
  if (err) row.querySelector("small").before(err);
  row.querySelector(".src").textContent = next.querySelector(".src").textContent;
  const other = row.querySelector("[data-slides]"), twinOther = next.querySelector("[data-slides]");
  if (other && other !== active && twinOther) other.value = twinOther.value;
};

const later = (changed) => {
  clearTimeout(timer);
  number++; // an answer that is under way is late
  timer = setTimeout(() => check(changed), 250);
};

const changeOf = (field) => ({ name: field.name, value: field.value, type: field.dataset.type });

launch.addEventListener("input", (event) => {
  const { target } = event;
  if (target === area) later(null);
  else if ("config" in target.dataset) later(changeOf(target));
  else if (target.dataset.slides) {
    const field = document.getElementById(target.dataset.slides);
    field.value = target.value;
    later(changeOf(field));
  }
});

launch.addEventListener("click", (event) => {
  const way = event.target.closest("[data-config-set]");
  if (way) check({ name: way.dataset.configSet, value: way.dataset.value, type: way.dataset.type });
  const place = event.target.closest("[data-line]");
  if (place && editor) {
    event.preventDefault();
    editor.show(Number(place.dataset.line));
  }
  const field = event.target.closest('a[href^="#f"]');
  if (field) {
    event.preventDefault();
    document.querySelector(field.getAttribute("href"))?.focus();
  }
});

launch.addEventListener("submit", () => {
  for (const field of launch.querySelectorAll("[data-config]")) field.disabled = true; // the YAML has it all
});

document.querySelector("#what select").addEventListener("change", (event) => {
  event.target.form.querySelector("[name=select]").value = "";
  event.target.form.submit();
});

// The editor takes the place of the text field, which stays the field that is sent. Without
// it the text field goes on to work.
try {
  const { mount } = await import("./editor.min.js");
  const place = document.createElement("div");
  place.id = "editor";
  area.before(place);
  editor = mount(place, {
    text: area.value, label: `${area.getAttribute("aria-label")}. Ctrl+Space completes; Escape and then Tab leave it.`, hint: area.placeholder, nonce: launch.dataset.nonce,
    schema: JSON.parse(document.getElementById("schema").textContent),
    changed: (text) => { area.value = text; later(null); },
  });
  area.hidden = true;
  document.getElementById("editor-keys").hidden = false;
  mark();
} catch (error) {
  console.error("the editor could not be loaded", error);
}
