// The YAML editor of the launch page: CodeMirror with what the server knows of the launch.
// The server says what is wrong; the editor completes names and values, and explains names.

import { autocompletion, acceptCompletion, completionKeymap, startCompletion } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, hoverTooltip, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";

// treeOf makes a tree of the names that a run config may have. A leaf has a field.
const treeOf = (schema) => {
  const root = { children: new Map() };
  for (const section of schema) {
    for (const field of section.fields) {
      let node = root;
      const names = [section.section, section.key, "config", ...field.path.split(".")];
      names.forEach((name, depth) => {
        if (!node.children.has(name)) node.children.set(name, { children: new Map(), about: depth === 1 ? section.about : "" });
        node = node.children.get(name);
      });
      node.field = field;
    }
  }
  return root;
};

const nodeAt = (tree, path) => path.reduce((node, name) => node?.children.get(name), tree);

const keyOf = /^(\s*)(?:- )?("[^"]*"|'[^']*'|[^\s#'"{[\]},:][^:#]*?)\s*:(\s|$)/;
const unquoted = (name) => name.replace(/^(["'])(.*)\1$/, "$2");

// pathBefore returns the names that a line with an indentation stands under. It goes by
// the indentation alone, so that it also works while the text is no valid YAML.
const pathBefore = (doc, number, indent) => {
  const path = [];
  for (let n = number - 1; n >= 1 && indent > 0; n--) {
    const found = keyOf.exec(doc.line(n).text);
    if (found && found[1].length < indent) {
      path.unshift(unquoted(found[2]));
      indent = found[1].length;
    }
  }
  return path;
};

const keyAt = (doc, number) => {
  const line = doc.line(number), found = keyOf.exec(line.text);
  if (!found) return null;
  const from = line.from + line.text.indexOf(found[2]);
  return { path: [...pathBefore(doc, number, found[1].length), unquoted(found[2])], from, to: from + found[2].length, valueFrom: line.from + found[0].length };
};

// placeOf returns where the deepest name of a path stands, or null.
const placeOf = (doc, path) => {
  let best = null, depth = 0;
  for (let n = 1; n <= doc.lines; n++) {
    const key = keyAt(doc, n);
    if (key && key.path.length > depth && key.path.every((name, i) => path[i] === name)) {
      best = key;
      depth = key.path.length;
    }
  }
  return best;
};

const plain = (name) => (/^[A-Za-z_][\w./-]*$/.test(name) ? name : JSON.stringify(name));

const stateOf = (field) => `${field.variable} (${field.set ? "set" : "not set"})`;

// facts are what a person is told of a field, a line each.
const factsOf = (field) => {
  const facts = [field.type];
  if (field.required) facts.push("must have a value");
  if (field.atLaunch) facts.push("is given at launch");
  if (field.fixed) facts.push("is fixed, a launch may not set it");
  if (field.enum?.length) facts.push(`one of ${field.enum.join(", ")}`);
  if (field.min) facts.push(`at least ${field.min}`);
  if (field.max) facts.push(`at most ${field.max}`);
  if (field.pattern) facts.push(`must match ${field.pattern}`);
  if (field.variable) facts.push(`variable ${stateOf(field)}`);
  if (field.source && field.source !== "missing") facts.push(field.secret ? `now from ${field.source}` : `now ${field.value || "empty"}, from ${field.source}`);
  return facts;
};

const element = (name, className, text) => {
  const made = document.createElement(name);
  made.className = className;
  if (text) made.textContent = text;
  return made;
};

// aboutOf describes a name. Everything is text: nothing of it is read as HTML.
const aboutOf = (name, node) => {
  const about = element("div", "editor-about");
  about.append(element("b", "", name));
  if (node.about) about.append(element("p", "", node.about));
  if (node.field) {
    if (node.field.doc) about.append(element("p", "", node.field.doc));
    const list = element("ul", "");
    for (const fact of factsOf(node.field)) list.append(element("li", "", fact));
    about.append(list);
  }
  return about;
};

const valuesOf = (field) => {
  const values = [];
  const add = (label, detail, boost) => values.push({ label, detail, type: "constant", boost });
  for (const value of field.enum ?? []) add(plain(value), value === field.default ? "default" : "");
  if (field.type.replace(/^\*/, "") === "bool") { add("true", ""); add("false", ""); }
  if (field.default && !field.enum && !field.secret) add(field.default, "default");
  add(`{env: ${field.variable || "NAME"}}`, field.variable ? (field.set ? "set" : "not set") : "an environment variable", -1);
  return values;
};

const completion = (tree) => (context) => {
  const { doc } = context.state, line = doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from);
  const name = /^(\s*)([\w./"'-]*)$/.exec(before);
  if (name) {
    const path = pathBefore(doc, line.number, name[1].length);
    const node = nodeAt(tree, path);
    if (!node?.children.size || !name[2] && !context.explicit && line.text.trim() !== "") return null;
    const given = new Set();
    for (let n = 1; n <= doc.lines; n++) {
      const key = n === line.number ? null : keyAt(doc, n);
      if (key && key.path.length === path.length + 1 && path.every((part, i) => key.path[i] === part)) given.add(key.path.at(-1));
    }
    const options = [...node.children].filter(([key]) => !given.has(key)).map(([key, child]) => ({
      label: key, type: child.field ? "property" : "namespace", detail: child.field?.type ?? "",
      boost: child.field?.required && child.field.source === "missing" ? 2 : 0,
      info: () => aboutOf(key, child),
      apply: (view, _, from, to) => {
        const more = child.field ? "" : "\n" + " ".repeat(name[1].length + 2);
        const insert = plain(key) + ":" + (child.field ? " " : more);
        view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + insert.length } });
        startCompletion(view);
      },
    }));
    return { from: context.pos - name[2].length, options, validFor: /^[\w./"'-]*$/ };
  }
  const key = keyAt(doc, line.number);
  const field = key && nodeAt(tree, key.path)?.field;
  if (!field || field.fixed || context.pos < key.valueFrom) return null;
  const value = /[^\s]*$/.exec(line.text.slice(key.valueFrom - line.from, context.pos - line.from))[0];
  if (!value && !context.explicit && !/:\s$/.test(before)) return null;
  return { from: context.pos - value.length, options: valuesOf(field), validFor: /^[^\s,]*$/ };
};

const hover = (tree) => hoverTooltip((view, pos) => {
  const key = keyAt(view.state.doc, view.state.doc.lineAt(pos).number);
  const node = key && pos >= key.from && pos <= key.to ? nodeAt(tree, key.path) : null;
  if (!node || !node.field && !node.about) return null;
  return { pos: key.from, end: key.to, above: true, create: () => ({ dom: aboutOf(key.path.at(-1), node) }) };
});

const diagnosticOf = (doc, fault) => {
  const severity = "error", message = fault.message;
  if (fault.line >= 1 && fault.line <= doc.lines) {
    const line = doc.line(fault.line);
    const from = Math.min(line.to, line.from + Math.max(0, fault.column - 1));
    const rest = line.text.slice(from - line.from);
    const length = rest.search(/\s+#|$/);
    return { from, to: Math.max(from, Math.min(line.to, from + length)), severity, message };
  }
  // What is missing stands nowhere, so that the deepest name that there is gets the mark.
  const place = fault.path ? placeOf(doc, fault.names) : null;
  if (place) return { from: place.from, to: place.to, severity, message };
  return null;
};

// A browser that replaces selected text keeps its look by style attributes, which the policy
// of the pages forbids. So the editor replaces it.
const replaceSelected = EditorView.domEventHandlers({
  beforeinput: (event, view) => {
    if (event.inputType !== "insertText" || event.data === null || event.isComposing || view.state.selection.main.empty) return false;
    event.preventDefault();
    view.dispatch({ ...view.state.replaceSelection(event.data), userEvent: "input.type", scrollIntoView: true });
    return true;
  },
});

// mount puts an editor into parent. nonce lets it add its styles, schema describes the
// fields of the launch, and changed is called with each text that a person has made.
export const mount = (parent, { text, label, hint, nonce, schema, changed }) => {
  const tree = treeOf(schema);
  let silent = false;
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        EditorView.cspNonce.of(nonce), lineNumbers(), lintGutter(), history(), drawSelection(), highlightActiveLine(), indentOnInput(), indentUnit.of("  "),
        yaml(), syntaxHighlighting(classHighlighter), placeholder(hint),
        autocompletion({ override: [completion(tree)], icons: false }), hover(tree), replaceSelected,
        EditorView.contentAttributes.of({ "aria-label": label }), EditorView.lineWrapping,
        keymap.of([{ key: "Tab", run: acceptCompletion }, ...completionKeymap, ...lintKeymap, ...historyKeymap, ...defaultKeymap, indentWithTab]),
        EditorView.updateListener.of((update) => { if (update.docChanged && !silent) changed(update.state.doc.toString()); }),
      ],
    }),
  });
  return {
    text: () => view.state.doc.toString(),
    // setText replaces only what differs, so that the caret and the undo history stay.
    setText: (next) => {
      const old = view.state.doc.toString();
      if (old === next) return;
      let from = 0, end = 0;
      while (from < old.length && from < next.length && old[from] === next[from]) from++;
      while (end < old.length - from && end < next.length - from && old[old.length - 1 - end] === next[next.length - 1 - end]) end++;
      silent = true;
      view.dispatch({ changes: { from, to: old.length - end, insert: next.slice(from, next.length - end) } });
      silent = false;
    },
    // setFaults marks what the server has found.
    setFaults: (faults) => {
      const found = faults.map((fault) => diagnosticOf(view.state.doc, fault)).filter(Boolean).sort((a, b) => a.from - b.from);
      view.dispatch(setDiagnostics(view.state, found));
    },
    // show moves the caret to a line.
    show: (number) => {
      const line = view.state.doc.line(Math.min(Math.max(1, number), view.state.doc.lines));
      view.dispatch({ selection: { anchor: line.to }, scrollIntoView: true });
      view.focus();
    },
  };
};
