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
