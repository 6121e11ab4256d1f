// Keeps an open page current: it asks for the page again and puts what has changed in its place. What
// is focused, filtered, selected or scrolled stays. A page that nobody sees asks nothing.
"use strict";
(() => {
  const every = 5000;
  const filter = document.getElementById("filter");

  function applyFilter() {
    if (!filter) return;
    const wanted = filter.value.trim().toLowerCase();
    for (const row of document.querySelectorAll("#tenants tbody tr")) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
    }
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

  async function refresh() {
    const stale = document.getElementById("stale");
    try {
      const answer = await fetch(location.pathname, { cache: "no-store", signal: AbortSignal.timeout(10000) });
      if (!answer.ok) throw new Error(answer.statusText);
      put(new DOMParser().parseFromString(await answer.text(), "text/html"));
      stale.textContent = "";
    } catch {
      stale.textContent = "The exporter does not answer. What is above is what it said last.";
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
