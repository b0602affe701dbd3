// Draws the figure of a run with uPlot: panels that share their x axis, zoom together and show values at the cursor.
"use strict";
window.LRDoctor = window.LRDoctor || {};

(() => {
  const LANE = 18; // height of a row that names a stretch
  const FEW = 60; // points of a line up to which each gets a dot
  const HEIGHT = 300; // of all panels of a figure, without axes and lanes
  const FONT = "11.5px system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif";
  const SHAPES = { // about the origin; what is not closed is stroked
    best: "M0-6L1.8-1.9L6-1.9L2.6.8L3.8 5L0 2.5L-3.8 5L-2.6.8L-6-1.9L-1.8-1.9Z",
    dot: "M-4 0A4 4 0 1 0 4 0A4 4 0 1 0-4 0Z",
    square: "M-3.6-3.6H3.6V3.6H-3.6Z",
    diamond: "M0-5L5 0L0 5L-5 0Z",
    up: "M0-5L4.6 3.6H-4.6Z",
    down: "M0 5L4.6-3.6H-4.6Z",
    left: "M-5 0L3.6-4.6V4.6Z",
    right: "M5 0L-3.6-4.6V4.6Z",
    diverged: "M-4.6-4.6L4.6 4.6M4.6-4.6L-4.6 4.6",
    ring: "M-8 0A8 8 0 1 0 8 0A8 8 0 1 0-8 0",
  };

  /** A number as the rest of the report writes it: 0.018, 5.6e-4, 12,400. */
  function figure(value, digits = 3) {
    if (!Number.isFinite(value)) return String(value);
    if (value === 0) return "0";
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
    const power = Number(exponent);
    if (power >= -3 && power < 6) {
      return Number(`${mantissa}e${power}`).toLocaleString("en", { maximumFractionDigits: Math.max(0, digits - 1 - power) });
    }
    return `${mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa}e${power}`;
  }

  const log10 = (value) => Math.log(value) / Math.LN10;

  /** The next 1, 2 or 5 times a power of ten. */
  function roundUp(stride) {
    const power = 10 ** Math.floor(log10(stride));
    return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= stride * (1 - 1e-9));
  }

  /** Round values from low to high, at most about `most` of them. */
  function ticks(low, high, log, most) {
    if (log && low > 0) {
      const tens = [];
      for (let ten = Math.floor(log10(low)); ten <= Math.ceil(log10(high)); ten++) tens.push(ten);
      const within = (value) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9);
      const powers = tens.filter((ten) => within(10 ** ten));
      const stride = Math.ceil(powers.length / most);
      if (powers.length >= 3) return powers.filter((ten) => (ten - powers[0]) % stride === 0).map((ten) => 10 ** ten);
      const fine = tens.flatMap((ten) => [1, 2, 5].map((step) => step * 10 ** ten)).filter(within);
      if (fine.length >= 2) return fine;
    }
    const stride = roundUp((high - low) / most);
    const found = [];
    for (let n = Math.ceil(low / stride - 1e-9); n <= high / stride + 1e-9; n++) found.push(n * stride);
    return found;
  }

  /** Labels with as many digits as tell neighbours apart. */
  function labels(values) {
    const stride = values.length > 1 ? values[1] - values[0] : Math.abs(values[0]) || 1;
    const even = values.every((value, i) => i === 0 || Math.abs(value - values[i - 1] - stride) < 1e-6 * stride);
    const digits = (value) => Math.min(Math.max(Math.floor(log10(Math.abs(value) / stride) + 2.001), 1), 14);
    return values.map((value) => (Math.abs(value) < stride * 1e-6 && even ? "0" : figure(value, even ? digits(value) : 3)));
  }

  const finite = (value) => (typeof value === "number" ? value : null);

  /** Steps as they were, strictly increasing, since a line passes each x once; a repeated step moves by next to nothing. */
  function unpack(packed) {
    let at = 0;
    const x = packed.steps ? packed.steps.map((step) => (at += step)) : packed.values.map(Number);
    const least = (x[x.length - 1] - x[0]) * 1e-9 || 1e-9;
    for (let i = 1; i < x.length; i++) if (x[i] <= x[i - 1]) x[i] = x[i - 1] + least;
    return x;
  }

  function look(root) {
    const style = getComputedStyle(root);
    const read = (name) => style.getPropertyValue(name).trim();
    return {
      text: read("--text"), grid: read("--line"), soft: read("--soft"), paper: read("--card"),
      ink: (name) => read(`--ink-${name}`),
      width: (name) => Number(read(`--ink-${name}-width`)) || 1.4,
      dash: (name) => read(`--ink-${name}-dash`).split(" ").filter(Boolean).map(Number),
      dots: (name) => read(`--ink-${name}-dots`) === "1",
      fill: (name) => Number(read(`--ink-${name}-fill`)) || 0.15,
    };
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
        return ticks(low, high, u.scales[name].distr === 3, most);
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
          x: { time: false, distr: panel.x.scale === "log" ? 3 : 1, range: (u, low, high) => [low ?? full[0], high ?? full[1]], min: full[0], max: full[1] },
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

  /** A marker as a picture of its own. */
  function pictured(point) {
    const space = "http://www.w3.org/2000/svg";
    const [svg, path] = ["svg", "path"].map((tag) => document.createElementNS(space, tag));
    const closed = SHAPES[point.marker].endsWith("Z");
    for (const [name, value] of Object.entries({ viewBox: "-10 -10 20 20", width: 14, height: 14, "aria-hidden": "true" })) svg.setAttribute(name, value);
    path.setAttribute("d", SHAPES[point.marker]);
    path.setAttribute("class", closed ? `f-${point.ink}` : `s-${point.ink} open`);
    svg.append(path);
    return svg;
  }

  function toggle(set, value) {
    if (!set.delete(value)) set.add(value);
  }

  /** The stretches that are named above a panel, each with its row; a row holds those that leave each other room. */
  function packed(panel, width) {
    const rows = [];
    const to = panel.x.scale === "log" ? Math.log : (value) => value;
    const [low, high] = [to(panel.x.low), to(panel.x.high)];
    const marks = panel.stretches.filter((one) => one.axis === "x").map((one) => {
      const needed = 7 * one.name.length + 8;
      const [first, last] = [one.first, one.last].map((value) => ((to(value) - low) / (high - low)) * width);
      const left = first + needed > width ? Math.min(first, Math.max(last, width) - needed) : first;
      const right = Math.max(last, left + needed);
      let row = rows.findIndex((taken) => taken.every(([a, b]) => right <= a || b <= left));
      if (row < 0) row = rows.push([]) - 1;
      rows[row].push([left, right]);
      return [one, row];
    });
    return { marks, rows: rows.length };
  }

  function faded(color, opacity) {
    return color + Math.round(opacity * 255).toString(16).padStart(2, "0");
  }

  /** Within the panel: x or y of the canvas for a value, kept inside the picture. */
  function place(u, axis, value) {
    const { left, top, width, height } = u.bbox;
    const at = u.valToPos(value, axis, true);
    const [low, high] = axis === "x" ? [left, left + width] : [top, top + height];
    return Number.isFinite(at) ? Math.min(Math.max(at, low), high) : low;
  }

  const inside = (u, axis, value) => value >= u.scales[axis].min && value <= u.scales[axis].max;

  function shade(u, panel, theme) {
    const { ctx, bbox } = u;
    const fill = (ink, axis, first, last, strength) => {
      if (last < u.scales[axis].min || first > u.scales[axis].max) return;
      const [a, b] = [place(u, axis, first), place(u, axis, last)].sort((p, q) => p - q);
      ctx.fillStyle = faded(theme.ink(ink), strength * theme.fill(ink));
      if (axis === "x") ctx.fillRect(a, bbox.top, Math.max(b - a, 1), bbox.height);
      else ctx.fillRect(bbox.left, a, bbox.width, Math.max(b - a, 1));
    };
    for (const one of panel.stretches) fill(one.ink, one.axis, one.first, one.last, one.axis === "x" ? 0.5 : 1); // its bar says the rest
    for (const stretches of panel.gaps) for (const [first, last] of stretches) fill("critical", "x", first, last, 1);
  }

  function annotate(u, panel, lanes, theme) {
    const { ctx, bbox } = u;
    const ratio = uPlot.pxRatio;
    ctx.save();
    ctx.setLineDash([]);
    ctx.font = `600 ${11.5 * ratio}px ${FONT.split("px ")[1]}`;
    ctx.textBaseline = "alphabetic";
    lanes.marks.forEach(([one, row]) => {
      if (one.last < u.scales.x.min || one.first > u.scales.x.max) return;
      const top = bbox.top - LANE * ratio * (row + 1);
      const [first, last] = [place(u, "x", one.first), place(u, "x", one.last)];
      ctx.fillStyle = theme.ink(one.ink);
      ctx.fillRect(first, top + (LANE - 4) * ratio, Math.max(last - first, 3 * ratio), 3 * ratio);
      write(u, one.name, first, top + (LANE - 7) * ratio, 0, theme.text);
    });
    for (const one of panel.guides) {
      if (!inside(u, one.axis, one.at)) continue;
      const at = place(u, one.axis, one.at);
      ctx.strokeStyle = theme.ink(one.ink);
      ctx.lineWidth = theme.width(one.ink) * ratio;
      ctx.setLineDash(theme.dash(one.ink).map((part) => part * ratio));
      ctx.beginPath();
      if (one.axis === "y") { ctx.moveTo(bbox.left, at); ctx.lineTo(bbox.left + bbox.width, at); }
      else { ctx.moveTo(at, bbox.top); ctx.lineTo(at, bbox.top + bbox.height); }
      ctx.stroke();
      ctx.setLineDash([]);
      if (one.axis === "x") write(u, one.name, at, bbox.top + 13 * ratio, 5 * ratio, theme.text);
      else {
        const above = at - 5 * ratio > bbox.top + 11 * ratio;
        write(u, one.name, bbox.left + bbox.width, at + (above ? -5 : 14) * ratio, -5 * ratio, theme.text);
      }
    }
    for (const one of panel.points) {
      if (!inside(u, "x", one.x) || !inside(u, "y", one.y)) continue;
      const [x, y] = [place(u, "x", one.x), place(u, "y", one.y)];
      const shape = new Path2D(SHAPES[one.marker]);
      ctx.save();
      ctx.translate(x, y);
      ctx.scale(ratio, ratio);
      ctx.fillStyle = ctx.strokeStyle = theme.ink(one.ink);
      ctx.lineWidth = 2.4;
      if (SHAPES[one.marker].endsWith("Z")) ctx.fill(shape); else ctx.stroke(shape);
      ctx.restore();
      ctx.font = ctx.font.replace("600", "400");
      const low = y <= bbox.top + 6 * ratio ? 11 : y >= bbox.top + bbox.height - 8 * ratio ? -5 : 4;
      if (one.name) write(u, one.name, x, y + low * ratio, 9 * ratio, theme.text);
    }
    ctx.restore();
  }

  /** Text beside a place, on the side where there is room; a halo keeps it readable on a curve. */
  function write(u, text, x, y, gap, color) {
    const { ctx, bbox } = u;
    const right = bbox.left + bbox.width;
    const width = ctx.measureText(text).width;
    const after = gap >= 0 && x + gap + width <= right + 10;
    ctx.textAlign = after ? "left" : "right";
    const at = after ? x + gap : gap >= 0 && gap + width > x - bbox.left ? right : x - Math.abs(gap);
    ctx.strokeStyle = look(u.root).paper;
    ctx.lineWidth = 3 * uPlot.pxRatio;
    ctx.lineJoin = "round";
    ctx.strokeText(text, at, y);
    ctx.fillStyle = color;
    ctx.fillText(text, at, y);
  }
})();
