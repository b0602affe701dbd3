// Draws the figure of a run with uPlot: panels that share their x axis, zoom together and show values at the cursor.
"use strict";
window.LRDoctor = window.LRDoctor || {};

(() => {
  const { figure, labels, ticks } = LRDoctor.axes;
  const { FONT, LANE, annotate, faded, look, packed, pictured, shade } = LRDoctor.marks;
  const FEW = 60; // points of a line up to which each gets a dot
  const HEIGHT = 300; // of all panels of a figure, without axes and lanes

  const finite = (value) => (typeof value === "number" ? value : null);

  /** Steps as they were, strictly increasing, since a line passes each x once; a repeated step moves by next to nothing. */
  function unpack(packed) {
    let at = 0;
    const x = packed.steps ? packed.steps.map((step) => (at += step)) : packed.values.map(Number);
    const least = (x[x.length - 1] - x[0]) * 1e-9 || 1e-9;
    for (let i = 1; i < x.length; i++) if (x[i] <= x[i - 1]) x[i] = x[i - 1] + least;
    return x;
  }

  /** Draws a figure into an element; answers how to zoom it, draw it anew and take it away. */
  LRDoctor.chart = (host, data) => {
    const panels = data.panels.map(prepare);
    const full = [panels[0].x.low, panels[0].x.high];
    const hidden = new Set();
    const flipped = new Set(); // panels whose y scale is not the one they came with
    let plots = [];
    let zoomed = false;

    host.textContent = "";
    const tools = LRDoctor.make("div", { class: "tools" });
    const legend = LRDoctor.make("div", { class: "legend" });
    const buttons = LRDoctor.make("div", { class: "buttons" });
    const reset = LRDoctor.make("button", { type: "button", disabled: "" }, "Reset zoom");
    reset.addEventListener("click", () => zoom(...full));
    const flip = LRDoctor.make("button", { type: "button" });
    flip.addEventListener("click", () => { toggle(flipped, 0); draw(); });
    buttons.append(flip, reset);
    tools.append(legend, buttons);
    const area = LRDoctor.make("div", {
      class: "area", tabindex: "0", role: "group",
      "aria-label": `Chart. ${data.description} Plus and minus zoom, arrow keys move, 0 shows all.`,
    });
    area.addEventListener("keydown", onKey);
    host.append(tools, area);
    const readouts = makeLegend();

    function prepare(panel) {
      const tables = [];
      for (const line of panel.lines) tables.push([unpack(line.x), line.y.map(finite)]);
      for (const band of panel.bands) tables.push([unpack(band.x), band.low.map(finite), band.high.map(finite)]);
      if (!tables.length) tables.push([[panel.x.low, panel.x.high], [null, null]]);
      const values = tables.flatMap((table) => table.slice(1)).flat().filter((value) => value !== null);
      const reach = values.length ? values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [values[0], values[0]]) : null;
      return { ...panel, tables, data: uPlot.join(tables), reach, gaps: panel.lines.map((line, i) => gaps(tables[i][0], line.y)) };
    }

    /** Stretches of x in which a line is not finite. */
    function gaps(x, y) {
      const found = [];
      for (let i = 0; i < y.length; i++) {
        if (typeof y[i] === "number") continue;
        const first = i;
        while (i + 1 < y.length && typeof y[i + 1] !== "number") i++;
        found.push([x[first], x[i]]);
      }
      return found;
    }

    /** Places of points without a neighbour to be joined to; they would not be seen without a dot. */
    function alone(values) {
      const logged = values.map((value, i) => [value, i]).filter(([value]) => value !== undefined);
      const none = (entry) => !entry || entry[0] === null;
      return logged.filter((entry, i) => !none(entry) && none(logged[i - 1]) && none(logged[i + 1])).map(([, i]) => i);
    }

    function makeLegend() {
      const outputs = [];
      const where = LRDoctor.make("span", { class: "where" });
      panels.forEach((panel, p) => panel.lines.forEach((line, l) => {
        if (!line.name) return;
        const button = LRDoctor.make("button", { type: "button", "aria-pressed": "true", title: "Show or hide" });
        const output = LRDoctor.make("span", { class: "value" });
        button.append(LRDoctor.make("span", { class: `swatch k-${line.ink}` }), line.name, output);
        button.addEventListener("click", () => {
          toggle(hidden, `${p}:${l}`);
          button.setAttribute("aria-pressed", String(!hidden.has(`${p}:${l}`)));
          plots[p].setSeries(l + 1, { show: !hidden.has(`${p}:${l}`) });
        });
        legend.append(button);
        outputs.push({ p, l, output });
      }));
      const areas = panels.flatMap((panel) => [...panel.bands, ...panel.stretches.filter((one) => one.axis === "y")]);
      for (const one of areas) {
        const entry = LRDoctor.make("span", { class: "kind" });
        entry.append(LRDoctor.make("span", { class: `swatch tint k-${one.ink}` }), one.name);
        legend.append(entry);
      }
      const kinds = new Map(panels.flatMap((panel) => panel.points).filter((one) => one.kind).map((one) => [one.kind, one]));
      for (const [kind, one] of kinds) {
        const entry = LRDoctor.make("span", { class: "kind" });
        entry.append(pictured(one), kind);
        legend.append(entry);
      }
      legend.append(where);
      return { where, outputs };
    }

    function scaleOf(p) {
      const own = panels[p].y.scale;
      return flipped.has(p) ? (own === "log" ? "linear" : "log") : own;
    }

    function rangeOf(p) {
      const panel = panels[p];
      const log = scaleOf(p) === "log";
      return (u, low, high) => {
        if (!zoomed && !flipped.has(p)) return [panel.y.low, panel.y.high];
        if (!zoomed || low === null || !Number.isFinite(low)) [low, high] = panel.reach || [panel.y.low, panel.y.high];
        if (log) return low > 0 ? [low / 1.1, high * 1.1] : [high / 1e6, high * 1.1];
        const margin = 0.05 * (high - low) || Math.abs(high) * 0.1 || 1;
        return [low - margin, high + margin];
      };
    }

    function draw() {
      for (const plot of plots) plot.destroy();
      const theme = look(host);
      const key = uPlot.sync(`lrdoctor-${Math.random()}`).key;
      const shares = panels.reduce((sum, panel) => sum + panel.share, 0);
      const width = Math.max(area.clientWidth, 200);
      plots = panels.map((panel, p) => {
        const lanes = packed(panel, width - 76);
        const last = p === panels.length - 1;
        const height = (HEIGHT * panel.share) / shares + lanes.rows * LANE + (last ? 46 : 18);
        return new uPlot(options(panel, p, { theme, key, width, height, lanes, last }), panel.data, area);
      });
      if (zoomed) zoom(...zoomed);
      showValues(full[1], -1);
      const can = panels[0].y.scale === "log" || (panels[0].reach && panels[0].reach[0] > 0);
      flip.hidden = !can;
      flip.textContent = scaleOf(0) === "log" ? "Linear scale" : "Log scale";
    }

    function options(panel, p, { theme, key, width, height, lanes, last }) {
      const series = [{}];
      panel.lines.forEach((line, l) => series.push({
        label: line.name, stroke: theme.ink(line.ink), width: theme.width(line.ink), dash: theme.dash(line.ink),
        show: !hidden.has(`${p}:${l}`), spanGaps: false,
        points: {
          show: true, size: 5, fill: theme.ink(line.ink),
          filter: () => (theme.dots(line.ink) && line.y.length <= FEW ? null : alone(panel.data[l + 1])),
        },
      }));
      const bands = [];
      for (const band of panel.bands) {
        series.push({ width: 0, points: { show: false } }, { width: 0, points: { show: false } });
        bands.push({ series: [series.length - 1, series.length - 2], fill: faded(theme.ink(band.ink), theme.fill(band.ink)) });
      }
      if (!panel.lines.length && !panel.bands.length) series.push({ show: false });
      const axis = { stroke: theme.soft, font: FONT, grid: { stroke: theme.grid, width: 1 }, ticks: { show: false } };
      const shown = (u, splits) => labels(splits);
      const splits = (name, room) => (u, index, low, high) => {
        const most = Math.max(Math.floor((name === "x" ? u.bbox.width : u.bbox.height) / uPlot.pxRatio / room), 2);
        const found = ticks(low, high, u.scales[name].distr === 3, most);
        return panel[name].whole ? found.filter((value) => Math.abs(value - Math.round(value)) < 1e-9) : found;
      };
      return {
        width, height, series, bands,
        padding: [8 + lanes.rows * LANE, 14, last ? null : 6, 0],
        legend: { show: false },
        cursor: {
          sync: { key }, points: { size: 7 }, drag: { x: true, y: false, dist: 5 },
          bind: { dblclick: () => () => { zoom(...full); return null; } },
        },
        scales: {
          x: {
            time: false, distr: panel.x.scale === "log" ? 3 : 1, min: full[0], max: full[1],
            range: (u, low, high) => [low ?? full[0], high ?? full[1]],
          },
          y: { distr: scaleOf(p) === "log" ? 3 : 1, range: rangeOf(p) },
        },
        axes: [
          { ...axis, splits: splits("x", 90), values: last ? shown : () => [], filter: (u, all) => all, size: last ? 24 : 6,
            label: last ? panel.x.label : undefined, labelSize: last ? 16 : 0, labelFont: FONT, labelGap: 0 },
          { ...axis, splits: splits("y", 30), values: shown, filter: (u, all) => all, size: 58,
            label: panel.y.label, labelSize: 16, labelFont: FONT, labelGap: 0 },
        ],
        hooks: {
          drawClear: [(u) => shade(u, panel, theme)],
          draw: [(u) => annotate(u, panel, lanes, theme)],
          setCursor: [(u) => {
            if (p === 0) showValues(u.posToVal(u.cursor.left, "x"), u.cursor.left);
            const near = nearest(u, panel.points);
            if (near) readouts.where.textContent = near.detail;
          }],
          setScale: [(u, name) => name === "x" && follow(u)],
        },
      };
    }

    /** Keeps the panels at the same x, whichever one was zoomed. */
    function follow(u) {
      const { min, max } = u.scales.x;
      const whole = Math.abs(min - full[0]) + Math.abs(max - full[1]) <= 1e-9 * (full[1] - full[0]);
      zoomed = whole ? false : [min, max];
      reset.disabled = whole;
      for (const other of plots) {
        if (other !== u && (other.scales.x.min !== min || other.scales.x.max !== max)) other.setScale("x", { min, max });
      }
    }

    function zoom(first, last) {
      zoomed = first > full[0] || last < full[1] ? [first, last] : false;
      for (const plot of plots) plot.setScale("x", { min: first, max: last });
    }

    function onKey(event) {
      const log = panels[0].x.scale === "log";
      const [to, from] = log ? [Math.log, Math.exp] : [(v) => v, (v) => v];
      let [first, last] = (zoomed || full).map(to);
      const reach = last - first;
      const move = { "+": [0.2, -0.2], "=": [0.2, -0.2], "-": [-0.33, 0.33], ArrowLeft: [-0.2, -0.2], ArrowRight: [0.2, 0.2] }[event.key];
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "0" || event.key === "Escape") zoom(...full);
      else if (move) {
        const [low, high] = full.map(to);
        first += move[0] * reach;
        last += move[1] * reach;
        if (move[0] === move[1]) { // moved, not zoomed: stop at the ends
          const over = Math.max(low - first, 0) - Math.max(last - high, 0);
          first += over;
          last += over;
        }
        zoom(from(Math.max(first, low)), from(Math.min(last, high)));
      } else return;
      event.preventDefault();
    }

    /** What every line is at x; at its end where the cursor is elsewhere. */
    function showValues(at, left) {
      if (!(left >= 0)) at = full[1];
      readouts.where.textContent = `${panels[0].x.label} ${panels[0].x.scale === "log" ? figure(at) : figure(Math.round(at), 7)}`;
      for (const { p, l, output } of readouts.outputs) output.textContent = written(panels[p].lines[l], panels[p].tables[l][0], at);
    }

    /** The marked point under the cursor that has something to say. */
    function nearest(u, points) {
      const { left, top } = u.cursor;
      const away = (one) => Math.hypot(u.valToPos(one.x, "x") - left, u.valToPos(one.y, "y") - top);
      const found = points.filter((one) => one.detail && away(one) < 10);
      return found.sort((a, b) => away(a) - away(b))[0];
    }

    /** What a line is at the logged step nearest to x. */
    function written(line, x, at) {
      let low = 0, high = x.length - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (x[middle] < at) low = middle + 1; else high = middle;
      }
      if (low > 0 && at - x[low - 1] < x[low] - at) low--;
      const value = line.y[low];
      return typeof value === "number" ? figure(value, 4) : value === undefined ? "" : value.replace("Infinity", "inf");
    }

    draw();
    const resized = new ResizeObserver(() => {
      const width = Math.max(area.clientWidth, 200);
      for (const plot of plots) if (plot.width !== width) plot.setSize({ width, height: plot.height });
    });
    resized.observe(area);
    return {
      zoom: (first, last) => {
        const margin = Math.max((last - first) * 0.25, (full[1] - full[0]) * 0.01);
        zoom(Math.max(first - margin, full[0]), Math.min(last + margin, full[1]));
      },
      redraw: draw,
      remove: () => { resized.disconnect(); for (const plot of plots) plot.destroy(); host.textContent = ""; },
    };
  };

  function toggle(set, value) {
    if (!set.delete(value)) set.add(value);
  }
})();
