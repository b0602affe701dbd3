// Brings the page to life: table, charts as they come into view, explanations, buttons that copy.
"use strict";

/** Brings what stands below `root` to life; `state` is what an earlier call answered, to go on from. */
LRDoctor.enhance = (root, state = {}) => {
  document.documentElement.classList.add("js");
  state.table = LRDoctor.table(root, state.table);
  state.drawn?.forEach((chart) => chart.remove());
  state.seen?.disconnect();
  const drawn = state.drawn = new Map();

  function draw(figure) {
    if (!drawn.has(figure)) {
      drawn.set(figure, LRDoctor.chart(figure.querySelector(".chart"), JSON.parse(figure.querySelector("script").textContent)));
      figure.classList.add("live");
    }
    return drawn.get(figure);
  }

  const seen = state.seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      seen.unobserve(entry.target);
      draw(entry.target);
    }
  }, { rootMargin: "600px" });
  for (const figure of root.querySelectorAll("figure.interactive")) seen.observe(figure);

  for (const button of root.querySelectorAll("button.show")) {
    button.addEventListener("click", () => {
      const figure = button.closest("section").querySelector("figure.interactive");
      if (!figure) return;
      draw(figure).zoom(Number(button.dataset.first), Number(button.dataset.last));
      figure.scrollIntoView({ block: "nearest", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    });
  }

  for (const details of root.querySelectorAll("details.explain")) {
    details.addEventListener("toggle", () => {
      const page = root.querySelector(`#rule-${details.dataset.code}`)?.cloneNode(true);
      if (!page || details.querySelector(".prose")) return;
      page.removeAttribute("id");
      details.querySelector("p").replaceWith(page);
    });
  }

  for (const button of root.querySelectorAll("button.copy")) {
    button.addEventListener("click", async () => {
      const code = button.closest(".snippet").querySelector("code");
      const done = await copied(code);
      button.textContent = done ? "Copied" : "Press Ctrl+C";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }

  /** Copies; where that is not allowed (a page over plain http), the text is at least selected. */
  async function copied(code) {
    getSelection().selectAllChildren(code);
    if (!document.execCommand("copy")) {
      try {
        await navigator.clipboard.writeText(code.textContent);
      } catch {
        return false;
      }
    }
    getSelection().removeAllRanges();
    return true;
  }

  state.json ??= () => document.getElementById("lrdoctor-report").textContent;
  root.querySelector("#download")?.addEventListener("click", async () => {
    const url = URL.createObjectURL(new Blob([await state.json()], { type: "application/json" }));
    LRDoctor.make("a", { href: url, download: "lrdoctor-report.json" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  });

  if (!state.watching) { // colours of the charts follow those of the page
    state.watching = true;
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => state.drawn.forEach((chart) => chart.redraw()));
  }
  return state;
};

if (document.getElementById("lrdoctor-report")) LRDoctor.enhance(document.getElementById("lrdoctor"));
