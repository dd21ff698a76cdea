// Countdowns, refresh, keys, and links into Airflow. Every page works without this script.
(() => {
  const SECOND = 1000, REFRESH = 15 * SECOND, FOLLOW = 3 * SECOND;

  const inWords = (seconds) => {
    const parts = [[Math.floor(seconds / 86400), "d"], [Math.floor(seconds / 3600) % 24, "h"],
                   [Math.floor(seconds / 60) % 60, "min"], [seconds % 60, "s"]];
    const first = parts.findIndex(([count]) => count > 0);
    if (first < 0) return "0 s";
    return parts.slice(first, first + 2).map(([count, unit]) => `${count} ${unit}`).join(" ");
  };

  const tick = () => {
    for (const each of document.querySelectorAll("[data-countdown]")) {
      // The end of the service hours (data-closes) stops the countdown; data-countdown is its end if they went on.
      const { countdown, closes } = each.dataset;
      const now = closes ? Math.min(Date.now(), new Date(closes)) : Date.now();
      const left = Math.round((new Date(countdown || each.dateTime) - now) / SECOND);
      each.title = `${each.dateTime.replace("T", " ").replace("+00:00", "")} UTC`;
      each.textContent = left >= 0 ? inWords(left) : each.dataset.over;
      each.classList.toggle("soon", left >= 0 && left < 3600);
      each.classList.toggle("over", left < 0);
    }
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
    const aside = [...part.querySelectorAll(".scroll")].map((each) => each.scrollLeft);
    shown.set(part, fresh.innerHTML);
    part.replaceChildren(...fresh.childNodes);
    for (const each of part.querySelectorAll("details")) each.open = folds.get(named(each)) ?? each.open;
    part.querySelectorAll(".scroll").forEach((each, number) => { each.scrollLeft = aside[number] ?? 0; });
  };
  const refresh = async () => {
    if (document.hidden || !shown.size) return;
    let fresh;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return;
      fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch { return; }
    for (const part of parts()) {
      const other = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
      if (other && !part.contains(document.activeElement) && shown.get(part) !== other.innerHTML) replace(part, other);
    }
    tick();
  };

  // A page inside Airflow's frame may not navigate the page around it or open another; that page can do both.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-airflow]");
    if (!link || window.parent === window || event.ctrlKey || event.metaKey || event.shiftKey) return;
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
    (document.querySelector(".notice") ?? (kept && document.querySelector(kept)))?.focus();
  } else {
    const reason = document.querySelector("#reason");
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && reason.value === reason.defaultValue) cancel.click();
    });
  }

  const now = document.querySelector(".step.now, .step.failed");
  const frame = now?.closest(".scroll");
  if (frame) frame.scrollLeft += now.getBoundingClientRect().left - frame.getBoundingClientRect().left - frame.clientWidth / 2;

  // A run that has just started: reload for a minute.
  if (document.querySelector("[data-follow]")) {
    const looks = Number(sessionStorage.getItem(location.pathname)) + 1;
    sessionStorage.setItem(location.pathname, looks);
    if (looks * FOLLOW <= 60 * SECOND) setTimeout(() => location.reload(), FOLLOW);
  }
  tick();
  setInterval(tick, SECOND);
  setInterval(refresh, REFRESH);
})();
