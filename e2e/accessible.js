// Returns what of a page some people could not read or use, one sentence each: by the rules of WCAG 2.2 AA
// that can be told without a person. Names and roles are those that the browser tells a screen reader.
(() => {
  const faults = [];
  const name = (e) => (e.id ? "#" + e.id : e.outerHTML.slice(0, 90));
  const fault = (what, e) => faults.push(e ? what + ": " + name(e) : what);
  const all = (selector) => [...document.querySelectorAll(selector)].filter(seen);
  const seen = (e) => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0;

  // The document.
  const root = document.documentElement;
  if (!/^[a-z]{2}/.test(root.lang)) fault("the page has no language");
  if (!document.title.trim()) fault("the page has no title");
  if (/user-scalable=no|maximum-scale/.test(document.querySelector("meta[name=viewport]")?.content)) fault("the page cannot be enlarged");
  if (all("main").length !== 1) fault("the page has not one main part");
  if (root.scrollWidth > root.clientWidth) {
    fault("the page is " + root.scrollWidth + " pixels wide, and shows " + root.clientWidth);
  }
  const ids = new Set();
  for (const e of document.querySelectorAll("[id]")) {
    if (ids.has(e.id)) fault("an id is there twice", e);
    ids.add(e.id);
  }
  for (const attribute of ["aria-labelledby", "aria-describedby", "aria-controls", "for"]) {
    for (const e of document.querySelectorAll("[" + attribute + "]")) {
      for (const id of e.getAttribute(attribute).split(" ")) {
        if (!ids.has(id)) fault(attribute + " leads nowhere", e);
      }
    }
  }

  // Headings.
  let level = 0;
  for (const e of all("h1, h2, h3, h4, h5, h6")) {
    const next = Number(e.tagName[1]);
    if (next > level + 1) fault("a heading of level " + next + " follows one of level " + level, e);
    if (!e.innerText.trim()) fault("a heading is empty", e);
    level = next;
  }
  if (all("h1").length !== 1) fault("the page has not one first heading");

  // Names.
  const named = "a[href], button, input, select, textarea, summary, progress, output, svg, img, section, nav, [tabindex], [role]";
  for (const e of all(named)) {
    if (e.closest("[aria-hidden=true]")) continue;
    if (e.computedRole === undefined) fault("this browser tells no roles", e);
    if (["none", "generic"].includes(e.computedRole) && !e.matches("[tabindex]")) fault("it says nothing of what it is", e);
    if (!e.computedName && !["status", "generic"].includes(e.computedRole)) fault("it has no name", e);
  }
  for (const e of all("[tabindex]")) {
    if (e.tabIndex > 0) fault("the order of the keyboard is another than that of the page", e);
  }
  for (const e of all("[aria-hidden=true]")) {
    if (e.querySelector("a, input, button, [tabindex]")) fault("what can be focused is hidden", e);
  }
  for (const e of all("div, pre, p, section, table")) {
    const scrolls = ["auto", "scroll"].includes(getComputedStyle(e).overflowX) && e.scrollWidth > e.clientWidth;
    if (scrolls && e.tabIndex < 0) fault("it cannot be scrolled by keyboard", e);
  }

  // Tables.
  for (const table of all("table")) {
    if (!table.caption && !table.closest("[role=region][aria-label]")) fault("a table has no title", table);
    for (const th of table.querySelectorAll("th")) {
      if (th.scope !== (th.closest("thead") ? "col" : "row")) fault("a table's header is of no row or column", th);
      if (!th.innerText.trim() && seen(th)) fault("a table's header is empty", th);
    }
    const columns = table.querySelectorAll("thead th").length;
    for (const row of table.querySelectorAll("tr")) {
      if (row.cells.length !== columns) fault("a row has " + row.cells.length + " cells in " + columns + " columns", row);
      if (row.cells[0].tagName !== "TH") fault("a row has no header", row);
    }
  }

  // Contrast of every text that is seen with what is really behind it.
  const parse = (colour) => {
    const c = /^rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)$/.exec(colour);
    if (!c) fault("a colour that this check cannot read: " + colour);
    return c ? [Number(c[1]), Number(c[2]), Number(c[3]), Number(c[4] ?? 1)] : [0, 0, 0, 1];
  };
  const over = (front, back) => [0, 1, 2].map((i) => front[i] * front[3] + back[i] * (1 - front[3]));
  const light = (c) => c.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ratio = (a, b) => {
    const [dark, bright] = [light(a), light(b)].sort((x, y) => x - y);
    return (bright + 0.05) / (dark + 0.05);
  };
  const backs = new Map([[null, [255, 255, 255]]]);
  const behind = (e) => {
    if (backs.has(e)) return backs.get(e);
    const style = getComputedStyle(e);
    if (style.backgroundImage !== "none") fault("a text is upon an image", e);
    if (style.opacity !== "1" || style.filter !== "none" || style.mixBlendMode !== "normal") fault("a text shines through", e);
    backs.set(e, over(parse(style.backgroundColor), behind(e.parentElement)));
    return backs.get(e);
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let texts = 0;
  for (let n; (n = walk.nextNode());) {
    const e = n.parentElement;
    if (!n.data.trim() || !seen(e)) continue;
    texts++;
    const style = getComputedStyle(e);
    const back = behind(e);
    const front = over(parse(style.color), back);
    const got = ratio(front, back);
    if (got < 4.5) fault("a text stands off its background by " + got.toFixed(2) + " to 1, " + n.data.trim(), e);
    if (parseFloat(style.fontSize) < 12) fault("a text of " + style.fontSize + ", " + n.data.trim(), e);
  }
  if (texts === 0) fault("the page has no text");
  for (const e of all("input")) {
    if (ratio(parse(getComputedStyle(e).borderTopColor).slice(0, 3), behind(e.parentElement)) < 3) fault("a field's border is not seen", e);
  }
  return [...new Set(faults)];
})()
