// For dev --watch: loads the page again when the program was built anew, and shows why it
// could not be built. A request waits while one process takes over from another.
const address = document.documentElement.dataset.base + "/watch";
let version;

function show(problem) {
  let box = document.getElementById("build-problem");
  if (!problem) {
    box?.remove();
    return;
  }
  if (!box) {
    box = document.createElement("section");
    box.id = "build-problem";
    box.className = "card fault";
    box.setAttribute("role", "alert");
    box.append(document.createElement("pre"));
    document.getElementById("content").prepend(box);
  }
  box.firstChild.textContent = problem;
}

async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch(address, { cache: "no-store" });
    if (!answer.ok) return;
    const now = await answer.json();
    if (version !== undefined && now.version !== version) {
      location.reload();
      return;
    }
    version = now.version;
    show(now.problem);
  } catch {
    // the program may be gone for a moment
  }
}

setInterval(look, 1000);
look();
