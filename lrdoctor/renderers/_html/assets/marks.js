// Draws the marks of a figure into uPlot's canvas: stretches, guides, points and their names.
"use strict";
window.LRDoctor = window.LRDoctor || {};

(() => {
  const LANE = 18; // height of a row that names a stretch
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

  /** The colours, widths and dashes of the page's style sheet. */
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

  /** A marker as a picture of its own. */
  function pictured(point) {
    const space = "http://www.w3.org/2000/svg";
    const [svg, path] = ["svg", "path"].map((tag) => document.createElementNS(space, tag));
    const closed = SHAPES[point.marker].endsWith("Z");
    const attributes = { viewBox: "-10 -10 20 20", width: 14, height: 14, "aria-hidden": "true" };
    for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
    path.setAttribute("d", SHAPES[point.marker]);
    path.setAttribute("class", closed ? `f-${point.ink}` : `s-${point.ink} open`);
    svg.append(path);
    return svg;
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

  LRDoctor.marks = { FONT, LANE, annotate, faded, look, packed, pictured, shade };
})();
