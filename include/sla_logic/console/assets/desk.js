// Countdowns, a board that keeps itself fresh, and links into Airflow. Every page works without it.
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
      const left = Math.round((new Date(each.dateTime) - Date.now()) / SECOND);
      each.title = `${each.dateTime.replace("T", " ").replace("+00:00", "")} UTC`;
      each.textContent = left >= 0 ? inWords(left) : each.dataset.over;
      each.classList.toggle("soon", left >= 0 && left < 3600);
      each.classList.toggle("over", left < 0);
    }
  };

  const refresh = async () => {
    if (document.hidden || !document.querySelector("[data-live]")) return;
    let fresh;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return;
      fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch { return; }
    for (const part of document.querySelectorAll("[data-live]")) {
      const other = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
      if (other && !part.contains(document.activeElement) && part.innerHTML !== other.innerHTML) {
        part.replaceChildren(...other.childNodes);
      }
    }
    tick();
  };

  // A page inside Airflow's frame may not move the page around it, but that page can move itself.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-airflow]");
    if (!link || window.parent === window || event.ctrlKey || event.metaKey || event.shiftKey) return;
    try {
      const mover = window.parent.document.createElement("a");
      mover.href = link.href;
      window.parent.document.body.append(mover);
      mover.click();
      mover.remove();
      event.preventDefault();
    } catch { /* not our site around us: the link goes its own way */ }
  });

  for (const select of document.querySelectorAll(".filters select")) {
    select.addEventListener("change", () => select.form.requestSubmit());
  }
  const now = document.querySelector(".station.now, .station.failed");
  const frame = now?.closest(".scroll");
  if (frame) frame.scrollLeft += now.getBoundingClientRect().left - frame.getBoundingClientRect().left - frame.clientWidth / 2;

  // A run that has only just started: look again for a minute, then leave it to whoever looks.
  if (document.querySelector("[data-follow]")) {
    const looks = Number(sessionStorage.getItem(location.pathname)) + 1;
    sessionStorage.setItem(location.pathname, looks);
    if (looks * FOLLOW <= 60 * SECOND) setTimeout(() => location.reload(), FOLLOW);
  }
  tick();
  setInterval(tick, SECOND);
  setInterval(refresh, REFRESH);
})();
