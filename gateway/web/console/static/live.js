// Says of every part that follows events when what it shows is old: the gateway is silent, or says that it knows no better.
addEventListener("DOMContentLoaded", () => {
  const PATIENCE_MS = 40000;
  for (const part of document.querySelectorAll("[data-old]")) {
    const note = document.getElementById(part.dataset.old);
    let timer;
    const old = () => { note.hidden = false; };
    const fresh = () => { note.hidden = true; clearTimeout(timer); timer = setTimeout(old, PATIENCE_MS); };
    for (const name of ["htmx:sse:after:message", "alive"]) part.addEventListener(name, (event) => (event.detail?.message?.event === "away" ? old() : fresh()));
    for (const name of ["htmx:sse:error", "htmx:sse:close", "away"]) part.addEventListener(name, old);
    fresh();
  }
});

// Warns before who does nothing is signed out, and lets whoever writes stay; the gateway decides, this only tells.
addEventListener("DOMContentLoaded", () => {
  const OFTEN_MS = 60000;
  const note = document.querySelector("[data-idle-s]");
  if (!note) return;
  const limit = note.dataset.idleS * 1000;
  let timer, last = Date.now();
  const begin = () => { note.hidden = true; clearTimeout(timer); timer = setTimeout(() => { note.hidden = false; }, limit * 0.8); };
  const stay = async () => {
    last = Date.now();
    const answer = await fetch("/console/stay", { redirect: "manual" }).catch(() => null);
    if (answer?.status === 204) begin();
  };
  note.querySelector("button").addEventListener("click", stay);
  addEventListener("input", () => { if (Date.now() - last > OFTEN_MS) stay(); });
  begin();
});
