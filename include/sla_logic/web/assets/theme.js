// Follow the colour mode of the page around us, else what was chosen in Airflow, else the system.
(() => {
  const root = document.documentElement;
  const outer = () => {
    try { return window.parent !== window ? window.parent.document.documentElement : null; } catch { return null; }
  };
  const chosen = () => {
    const around = outer();
    if (around?.classList.contains("dark")) return "dark";
    if (around?.classList.contains("light")) return "light";
    try { return localStorage.getItem("theme"); } catch { return null; }
  };
  const follow = () => {
    const mode = chosen();
    if (mode === "dark" || mode === "light") root.dataset.theme = mode; else delete root.dataset.theme;
  };
  follow();
  const around = outer();
  if (around) new MutationObserver(follow).observe(around, { attributes: true, attributeFilter: ["class"] });
  window.addEventListener("storage", follow);
})();
