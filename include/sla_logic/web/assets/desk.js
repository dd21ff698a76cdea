// Countdowns, refresh, keys, and links into Airflow. Every page works without this script.
(() => {
  const SECOND = 1000, REFRESH = 15 * SECOND, FOLLOW = 3 * SECOND, PATIENCE = 10 * SECOND, HOUR = 3600;

  // The page says in which language it is; its sentences for this script are in its data attributes.
  const READING = document.documentElement.lang, ENGLISH = READING === "en", LOCALE = ENGLISH ? "en-GB" : READING;
  const ENGLISH_UNITS = { day: "d", hour: "h", minute: "min", second: "s" };
  const inUnits = (count, unit) => ENGLISH ? `${count} ${ENGLISH_UNITS[unit]}`
    : new Intl.NumberFormat(LOCALE, { style: "unit", unit, unitDisplay: "short" }).format(count);
  const inWords = (seconds) => {
    const parts = [[Math.floor(seconds / 86400), "day"], [Math.floor(seconds / 3600) % 24, "hour"],
                   [Math.floor(seconds / 60) % 60, "minute"], [seconds % 60, "second"]];
    const first = parts.findIndex(([count]) => count > 0);
    if (first < 0) return inUnits(0, "second");
    return parts.slice(first, first + 2).map(([count, unit]) => inUnits(count, unit)).join(" ");
  };

  // Instants in the reader's own time zone, with UTC on hover.
  const inUtc = (iso) => `${iso.replace("T", " ").replace("+00:00", "")} UTC`;
  const SHORT = { day: "numeric", month: "short" };
  const DAY = new Intl.DateTimeFormat(LOCALE, { ...SHORT, year: "numeric" }), DATE = new Intl.DateTimeFormat(LOCALE, SHORT);
  const clock = (at) => at.toTimeString().slice(0, 8);
  const inLocalTime = (part) => {
    for (const each of part.querySelectorAll("time[datetime]:not([data-countdown], [data-own])")) {
      const at = new Date(each.dateTime);
      each.title = inUtc(each.dateTime);
      const day = (each.matches("[data-short]") ? DATE : DAY).format(at);
      each.textContent = each.matches("[data-made]") ? clock(at)
        : `${ENGLISH ? day.replace("Sept", "Sep") : day} ${clock(at).slice(0, 5)}`;
    }
  };
  const zone = document.querySelector("[data-zone]");
  const ours = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && ours !== "UTC") zone.textContent = `${ours}, ${zone.dataset.zone}`;

  // A form asks for times in the reader's zone; without this script it says UTC.
  const zones = document.querySelector("[data-zones]");
  if (zones && ours !== "UTC") zones.prepend(new Option(ours, ours, true, true));

  const tick = () => {
    for (const each of document.querySelectorAll("[data-countdown]")) {
      // The end of the service hours (data-closes) stops the countdown; data-countdown is its end if they went on.
      const { countdown, closes } = each.dataset;
      const now = closes ? Math.min(Date.now(), new Date(closes)) : Date.now();
      const left = Math.round((new Date(countdown || each.dateTime) - now) / SECOND);
      each.title = inUtc(each.dateTime);
      each.textContent = left >= 0 ? inWords(left) : each.dataset.over;
      each.classList.toggle("soon", left >= 0 && left < HOUR);
      each.classList.toggle("near", left >= HOUR && left < 4 * HOUR);
      each.classList.toggle("over", left < 0);
    }
    // What was possible until then is not offered any more.
    for (const each of document.querySelectorAll("[data-until]")) each.hidden = new Date(each.dataset.until) < Date.now();
  };

  // Replace only the parts that changed on the server; what was unfolded or scrolled stays so.
  const parts = () => document.querySelectorAll("[data-live]");
  const shown = new Map([...parts()].map((part) => [part, part.innerHTML]));
  const named = (details) => {
    const outer = details.parentElement.closest("details");
    return `${outer ? named(outer) : ""} ${details.firstElementChild.textContent}`;
  };
  const replace = (part, fresh) => {
    const folds = new Map([...part.querySelectorAll("details")].map((each) => [named(each), each.open]));
    const ticked = new Set([...part.querySelectorAll("input:checked")].map((each) => each.name));
    const aside = [...part.querySelectorAll(".scroll")].map((each) => each.scrollLeft);
    shown.set(part, fresh.innerHTML);
    part.replaceChildren(...fresh.childNodes);
    inLocalTime(part);
    for (const each of part.querySelectorAll("details")) each.open = folds.get(named(each)) ?? each.open;
    for (const each of part.querySelectorAll("input")) each.checked = ticked.has(each.name);
    part.querySelectorAll(".scroll").forEach((each, number) => { each.scrollLeft = aside[number] ?? 0; });
  };
  // What is shown may be old: say so until the server answers again.
  const made = document.querySelector("[data-made]");
  const stale = document.querySelector("[data-stale]");
  const warn = (status) => {
    const since = clock(new Date(made.dateTime));
    const login = stale.querySelector("[data-login]");
    const { expired, failing, away } = stale.dataset;
    const said = (status === 401 ? expired : status ? failing : away).replace("…", since);
    if (stale.firstElementChild.textContent !== said) stale.firstElementChild.textContent = said;
    if (login) login.hidden = status !== 401;
    stale.hidden = false;
  };
  let asking = false;
  const refresh = async () => {
    if (document.hidden || asking || !shown.size) return;
    asking = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(PATIENCE) });
      if (answer.ok && !answer.redirected) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
      else warn(answer.redirected ? 401 : answer.status);
    } catch { warn(0); }
    asking = false;
  };
  const show = (fresh) => {
    for (const part of parts()) {
      const other = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
      if (other && !part.contains(document.activeElement) && shown.get(part) !== other.innerHTML) replace(part, other);
    }
    made.dateTime = fresh.querySelector("[data-made]").dateTime;
    inLocalTime(made.parentElement);
    stale.hidden = true;
    tick();
  };
  document.addEventListener("visibilitychange", refresh);
  window.addEventListener("online", refresh);
  window.addEventListener("offline", () => shown.size && warn(0));

  // After the login, come back to the page as it is shown: inside Airflow, where it was.
  const comeBack = (link) => {
    let here = location;
    try { here = window.parent.location.pathname ? window.parent.location : location; } catch { /* another site around us */ }
    const address = new URL(link.href);
    address.searchParams.set("next", here.pathname + here.search);
    link.href = address.href;
  };

  // A page inside Airflow's frame may not navigate the page around it or open another; that page can do both.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-airflow]");
    if (!link) return;
    if (link.matches("[data-login]")) comeBack(link);
    if (window.parent === window || event.ctrlKey || event.metaKey || event.shiftKey) return;
    try {
      const mover = window.parent.document.createElement("a");
      mover.href = link.href;
      if (link.target === "_blank") Object.assign(mover, { target: "_blank", rel: "noopener" });
      window.parent.document.body.append(mover);
      mover.click();
      mover.remove();
      event.preventDefault();
    } catch { /* another site around the frame: follow the link here */ }
  });

  // A filter chosen with the mouse is applied at once; with keys each arrow would load a page, so Enter or the button does.
  let byKey = false;
  document.addEventListener("keydown", (event) => { byKey = event.target.matches("select"); }, true);
  document.addEventListener("pointerdown", () => { byKey = false; }, true);
  for (const select of document.querySelectorAll(".filters select")) {
    select.addEventListener("change", () => byKey || select.form.requestSubmit());
  }

  // What is being typed outlives a page that is loaded again, by Airflow around it or after a login, until it is sent or
  // cancelled. This tab alone keeps it, and for the person who types: who is next in the tab sees nothing of it.
  const SENT = "desk.sent", DRAFT = "desk.draft ";
  const person = document.body.dataset.person; // none on a page that asks for a login, after which it goes on
  const mine = `${DRAFT}${encodeURIComponent(person ?? "")} `;
  for (const name of person ? Object.keys(sessionStorage) : []) {
    if (name.startsWith(DRAFT) && !name.startsWith(mine)) sessionStorage.removeItem(name);
  }
  const drafts = [...document.querySelectorAll("form[method=post] :is(#reason, #text, #note)")];
  const keptAs = (field) => `${mine}${location.pathname} ${field.id}`;
  const draft = (field) => sessionStorage.setItem(keptAs(field), field.value);
  if (document.querySelector(".notice, [data-told]")) {
    for (const name of JSON.parse(sessionStorage.getItem(SENT) ?? "[]")) sessionStorage.removeItem(name);
    sessionStorage.removeItem(SENT);
  }
  for (const field of drafts) {
    if (field.value !== field.defaultValue) draft(field); // typed before this script ran
    else field.value ||= sessionStorage.getItem(keptAs(field)) ?? "";
    field.addEventListener("input", () => draft(field));
    field.form.addEventListener("submit", () => sessionStorage.setItem(SENT, JSON.stringify(drafts.map(keptAs))));
  }
  document.querySelector("a[data-cancel]")?.addEventListener("click", () => {
    for (const field of drafts) sessionStorage.removeItem(keptAs(field));
  });

  // What was done is told once: not again after a reload or on the way back. It counts as told only after
  // some seconds, since Airflow may load a page that has just been shown a second time.
  const TOLD = "desk.told";
  const notice = document.querySelector(".notice");
  if (notice && sessionStorage.getItem(TOLD) === location.href) notice.remove();
  else if (notice) setTimeout(() => sessionStorage.setItem(TOLD, location.href), 5 * SECOND);
  document.addEventListener("submit", (event) => { if (event.target.method === "post") sessionStorage.removeItem(TOLD); });

  // After an action or a filter, the focus returns to where it was.
  const KEPT = "desk.focus";
  const keep = (selector) => sessionStorage.setItem(KEPT, selector);
  document.addEventListener("click", (event) => {
    const act = event.target.closest('a[href*="/acts/"]');
    if (act) keep(`a[href="${CSS.escape(act.getAttribute("href"))}"]`);
  });
  document.querySelector(".filters")?.addEventListener("submit", () => {
    const name = document.activeElement?.getAttribute("name");
    keep(name ? `.filters [name="${name}"]` : ".filters button");
  });
  const cancel = document.querySelector("a[data-cancel]");
  if (!cancel) {
    const kept = sessionStorage.getItem(KEPT);
    sessionStorage.removeItem(KEPT);
    (document.querySelector(".notice, [data-told]") ?? (kept && document.querySelector(kept)))?.focus();
  } else {
    const reason = document.querySelector("#reason, #text");
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && (!reason || reason.value === reason.defaultValue)) cancel.click();
    });
  }

  // The page of results answers a form, which a reload would send again: let a reload show the list instead.
  const list = document.querySelector("[data-list]");
  if (list) history.replaceState(null, "", list.dataset.list);

  const now = document.querySelector(".step.now, .step.failed");
  const frame = now?.closest(".scroll");
  if (frame) frame.scrollLeft += now.getBoundingClientRect().left - frame.getBoundingClientRect().left - frame.clientWidth / 2;

  // A run that has just started: reload for a minute.
  if (document.querySelector("[data-follow]")) {
    const looks = Number(sessionStorage.getItem(location.pathname)) + 1;
    sessionStorage.setItem(location.pathname, looks);
    if (looks * FOLLOW <= 60 * SECOND) setTimeout(() => location.reload(), FOLLOW);
  }
  inLocalTime(document);
  tick();
  setInterval(tick, SECOND);
  setInterval(refresh, REFRESH);
})();
