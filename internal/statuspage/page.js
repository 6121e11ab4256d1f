// Keeps an open page current: it asks for the page again and puts what has changed in its place. What
// is focused, filtered, selected or scrolled stays. A page that nobody sees asks nothing.
"use strict";
(() => {
  const every = 5000;
  const filter = document.getElementById("filter");

  // What is read aloud is written only when it changes.
  function say(id, text) {
    const where = document.getElementById(id);
    if (where.textContent !== text) where.textContent = text;
  }

  function applyFilter() {
    if (!filter) return;
    const wanted = filter.value.trim().toLowerCase();
    const rows = document.querySelectorAll("#tenants tbody tr");
    let shown = 0;
    for (const row of rows) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
      if (!row.hidden) shown++;
    }
    say("shown", wanted ? shown + " of " + rows.length : "");
  }

  function put(next) {
    document.title = next.title;
    for (const now of document.querySelectorAll("[data-live]")) {
      const then = next.getElementById(now.id);
      if (!then || now.outerHTML === then.outerHTML) continue;
      const within = now.contains(document.activeElement) && document.activeElement;
      const same = within && within.getAttribute("href");
      const label = within && within.getAttribute("aria-label");
      const shift = [...now.querySelectorAll(".wide")].map((e) => e.scrollLeft);
      now.className = then.className;
      now.hidden = then.hidden;
      now.innerHTML = then.innerHTML;
      now.querySelectorAll(".wide").forEach((e, i) => { e.scrollLeft = shift[i] || 0; });
      for (const e of now.querySelectorAll("a, [tabindex]")) {
        if ((same && e.getAttribute("href") === same) || (label && e.getAttribute("aria-label") === label)) {
          e.focus({ preventScroll: true });
        }
      }
    }
    applyFilter();
  }

  // What is shown is no longer current if nobody answers: then the page says so, in place of the state.
  function lose(why) {
    document.getElementById("lost").hidden = false;
    say("lost-word", why);
    say("lost-at", answered.toLocaleTimeString());
    document.getElementById("state").hidden = true;
    document.title = "No answer · " + document.querySelector("h1").textContent;
  }

  let answered = new Date();
  async function refresh() {
    let why = "The exporter does not answer";
    try {
      const answer = await fetch(location.pathname, { cache: "no-store", signal: AbortSignal.timeout(10000) });
      if (!answer.ok) why = "The exporter answers with an error: " + answer.status;
      if (!answer.ok) throw new Error(why);
      put(new DOMParser().parseFromString(await answer.text(), "text/html"));
      document.getElementById("lost").hidden = true;
      answered = new Date();
    } catch {
      lose(why);
    }
  }

  let last = 0;
  function turn() {
    if (document.hidden || Date.now() - last < every - 100) return;
    last = Date.now();
    refresh();
  }
  if (filter) filter.addEventListener("input", applyFilter);
  document.addEventListener("visibilitychange", turn);
  setTimeout(refresh, 1000);
  setInterval(turn, every);
})();
