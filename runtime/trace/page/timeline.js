// The timeline: a canvas, drawn anew for each view. Whatever would fall on a pixel that is taken is
// left out, so that a view costs by its width and not by the length of the trace.
class Timeline {
  static left = 168;
  static top = 26;

  constructor(canvas, tip, onSelect, onView) {
    Object.assign(this, {canvas, tip, onSelect, onView});
    this.from = 0;
    this.to = Math.max(1, model.last);
    this.selected = -1;
    this.path = new Set();
    this.width = canvas.clientWidth;
    this.layOut();
    canvas.addEventListener("wheel", (event) => this.zoomAt(event), {passive: false});
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.release(event));
    canvas.addEventListener("pointerleave", () => tip.hidden = true);
    canvas.addEventListener("dblclick", () => this.show(...this.home));
    canvas.addEventListener("keydown", (event) => this.key(event));
    addEventListener("resize", () => this.draw());
    this.home = [this.from, this.to];
  }

  // Device by device, its tracks below its name.
  layOut() {
    this.lines = [];
    let y = Timeline.top, device = null;
    for (const row of model.rows) {
      if (row.track.group !== device) {
        device = row.track.group;
        this.lines.push({title: device, y: y + 2, height: 18});
        y += 22;
      }
      const height = row.holdsBytes ? 10 : 22;
      this.lines.push({row, y, height});
      y += height + 3;
    }
    this.height = y + 6;
  }

  x(at) {
    return Timeline.left + (at - this.from) / (this.to - this.from) * (this.width - Timeline.left);
  }
  at(x) {
    return this.from + (x - Timeline.left) / (this.width - Timeline.left) * (this.to - this.from);
  }

  setHome(from, to) {
    const margin = Math.max(1, (to - from) * 0.01);
    this.home = [from - margin, to + margin];
    this.show(...this.home);
  }
  show(from, to) {
    const least = 100;  // nanoseconds across
    this.from = from;
    this.to = Math.max(to, from + least);
    // However often the view changes, it is drawn once a frame.
    if (this.pending) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = 0;
      this.draw();
      this.onView(this.from, this.to);
    });
  }
  // So that the event can be seen among its neighbours.
  reveal(id) {
    const begin = model.events.begin[id], end = model.end[id], span = this.to - this.from;
    if (begin >= this.from && end <= this.to && (end - begin) / span > 0.0005) return this.draw();
    const wide = Math.min(span, Math.max(20 * (end - begin), 2000));
    this.show((begin + end - wide) / 2, (begin + end + wide) / 2);
  }

  zoomAt(event) {
    event.preventDefault();
    const rect = this.canvas.getBoundingClientRect();
    const centre = this.at(Math.max(Timeline.left, event.clientX - rect.left));
    const factor = Math.exp(Math.max(-1, Math.min(1, event.deltaY * 0.002)));
    this.show(centre - (centre - this.from) * factor, centre + (this.to - centre) * factor);
  }
  key(event) {
    const span = this.to - this.from, middle = (this.from + this.to) / 2;
    const views = {
      ArrowLeft: [this.from - span / 5, this.to - span / 5],
      ArrowRight: [this.from + span / 5, this.to + span / 5],
      "+": [middle - span / 3, middle + span / 3],
      "-": [middle - span * 0.75, middle + span * 0.75],
      Home: this.home,
    };
    if (!views[event.key]) return;
    event.preventDefault();
    this.show(...views[event.key]);
  }
  press(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.drag = {x: event.clientX, from: this.from, to: this.to, moved: false};
  }
  move(event) {
    if (!this.drag) return this.point(event);
    const shift = event.clientX - this.drag.x;
    if (Math.abs(shift) > 3) this.drag.moved = true;
    if (!this.drag.moved) return;
    const span = this.drag.to - this.drag.from;
    const by = shift / (this.width - Timeline.left) * span;
    this.show(this.drag.from - by, this.drag.to - by);
  }
  release(event) {
    const clicked = this.drag && !this.drag.moved;
    this.drag = null;
    if (!clicked) return;
    const id = this.find(event);
    if (id >= 0) this.onSelect(id);
  }

  // The event under the pointer, or within a pixel or two of it; -1: none.
  find(event) {
    const rect = this.canvas.getBoundingClientRect();
    const x = event.clientX - rect.left, y = event.clientY - rect.top;
    const line = this.lines.find((l) => l.row && y >= l.y && y < l.y + l.height + 3);
    if (!line || x < Timeline.left) return -1;
    const from = this.at(x - 2), to = this.at(x + 2), {ids, latest} = line.row;
    let best = -1;
    for (let i = firstAbove(latest, from); i < ids.length; ++i) {
      const id = ids[i];
      if (model.events.begin[id] > to) break;
      // Of a burst and a task within it, the task.
      if (model.end[id] >= from && (best < 0 || model.events.took[id] <= model.events.took[best]))
        best = id;
    }
    return best;
  }
  point(event) {
    const id = this.find(event);
    this.tip.hidden = id < 0;
    if (id < 0) return;
    this.tip.textContent = describe(id);
    const rect = this.canvas.getBoundingClientRect();
    const x = event.clientX - rect.left, y = event.clientY - rect.top;
    this.tip.style.left = Math.min(x + 14, this.width - 250) + "px";
    this.tip.style.top = y + 16 + "px";
  }

  draw() {
    const scale = devicePixelRatio || 1;
    // Asked once a view: the browser may have to lay the page out to tell.
    this.width = this.canvas.clientWidth;
    this.canvas.style.height = this.height + "px";
    this.canvas.width = Math.round(this.width * scale);
    this.canvas.height = Math.round(this.height * scale);
    const pen = this.canvas.getContext("2d");
    pen.scale(scale, scale);
    pen.font = "11px system-ui, 'DejaVu Sans', sans-serif";
    pen.textBaseline = "middle";
    this.drawAxis(pen);
    const marks = [];
    for (const line of this.lines) {
      if (line.title) {
        pen.fillStyle = "#1c2430";
        pen.font = "600 12px system-ui, 'DejaVu Sans', sans-serif";
        pen.fillText(line.title, 2, line.y + line.height / 2);
        pen.font = "11px system-ui, 'DejaVu Sans', sans-serif";
      } else this.drawRow(pen, line, marks);
    }
    this.drawMarks(pen, marks);
  }

  drawAxis(pen) {
    const span = this.to - this.from;
    const rough = span / Math.max(2, (this.width - Timeline.left) / 110);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find((n) => n * power >= rough) * power;
    const zero = this.zero || 0;
    const furthest = Math.max(Math.abs(this.from - zero), Math.abs(this.to - zero)) * 0.9;
    const [unit, scale] = [["s", 1e9], ["ms", 1e6], ["µs", 1e3], ["ns", 1]]
        .find(([, size]) => furthest >= size) || ["ns", 1];
    const places = Math.max(0, -Math.floor(Math.log10(step / scale) + 1e-9));
    pen.strokeStyle = "#e8ebf0";
    pen.fillStyle = "#5d6877";
    pen.textAlign = "center";
    for (let n = Math.ceil((this.from - zero) / step); zero + n * step <= this.to; ++n) {
      const x = this.x(zero + n * step);
      if (x < Timeline.left) continue;
      pen.beginPath();
      pen.moveTo(x, 20);
      pen.lineTo(x, this.height);
      pen.stroke();
      if (x < this.width - 24)
        pen.fillText((n * step / scale).toFixed(places) + " " + unit, Math.max(x, Timeline.left + 18), 10);
    }
    pen.textAlign = "left";
    pen.fillText(this.zeroIs || "since the trace began", 2, 10);
  }

  drawRow(pen, {row, y, height}, marks) {
    pen.fillStyle = "#5d6877";
    if (!row.holdsBytes) pen.fillText(row.track.name, 14, y + height / 2);
    pen.fillStyle = "#f3f5f8";
    pen.fillRect(Timeline.left, y, this.width - Timeline.left, height);
    const {ids, latest} = row;
    let taken = -1, lastColour = "";
    for (let i = firstAbove(latest, this.from); i < ids.length; ++i) {
      const id = ids[i];
      if (model.events.begin[id] > this.to) break;
      const kind = model.events.kind[id], isBurst = kind === model.kindOf.burst;
      const x0 = Math.max(Timeline.left, this.x(model.events.begin[id]));
      const x1 = Math.min(this.width, this.x(model.end[id]));
      if (x1 < Timeline.left) continue;
      if (this.path.has(id) || id === this.selected)
        marks.push({id, x0, x1: Math.max(x1, x0 + 1), y, height});
      if (!isBurst && x1 < taken + 1) continue;
      const wide = Math.max(x1 - x0 - (x1 - x0 > 4 ? 0.5 : 0), 0.8);
      const colour = kind === model.kindOf.failure ? "#c62828"
          : isBurst ? "#c5d3e6" : colours(model.nameOf(id));
      if (colour !== lastColour) pen.fillStyle = lastColour = colour;
      pen.fillRect(x0, y, wide, height);
      if (!isBurst) taken = Math.max(taken, x0 + wide);
      if (wide > 46 && height > 12) {
        this.drawName(pen, id, x0, y, wide, height, isBurst);
        lastColour = "";
      }
    }
  }
  drawName(pen, id, x, y, wide, height, isBurst) {
    const text = isBurst ? `${count(model.events.count[id])} tasks` : model.nameOf(id);
    if (pen.measureText(text).width > wide - 6) return;
    pen.fillStyle = isBurst ? "#1c2430" : "#fff";
    pen.fillText(text, x + 4, y + height / 2);
  }

  // The path, underlined, and the selected task with lines from what it waited for and to what waited for it.
  drawMarks(pen, marks) {
    for (const {id, x0, x1, y, height} of marks) {
      if (this.path.has(id)) {
        pen.fillStyle = "#10161f";
        pen.fillRect(x0, y + height - 1, x1 - x0, 3);
      }
      if (id !== this.selected) continue;
      pen.strokeStyle = "#10161f";
      pen.lineWidth = 2;
      pen.strokeRect(x0, y, x1 - x0, height);
    }
    pen.lineWidth = 1;
    if (this.selected < 0) return;
    const run = model.runs.get(model.events.run[this.selected]), task = model.events.task[this.selected];
    if (!run || task < 0 || !model.isTask(model.events.kind[this.selected])) return;
    const graph = model.data.graphs[run.graph];
    pen.strokeStyle = "#00000066";
    const after = graph.successors.slice(graph.firstSuccessor[task], graph.firstSuccessor[task + 1]);
    for (const before of predecessorsOf(graph)[task]) this.drawEdge(pen, run, before, task);
    for (const next of after) this.drawEdge(pen, run, task, next);
  }
  drawEdge(pen, run, from, to) {
    const a = model.known.get(run.id + ":" + from), b = model.known.get(run.id + ":" + to);
    if (!a || !b || a.ran < 0 || b.ran < 0) return;
    const lineOf = (id) => this.lines.find((l) => l.row && l.row.number === model.events.track[id]);
    const start = lineOf(a.ran), stop = lineOf(b.ran);
    if (!start || !stop) return;
    const x0 = this.x(model.end[a.ran]), x1 = this.x(model.events.begin[b.ran]);
    if (Math.max(x0, x1) < Timeline.left) return;
    pen.save();
    pen.beginPath();
    pen.rect(Timeline.left, 0, this.width, this.height);
    pen.clip();
    pen.beginPath();
    pen.moveTo(x0, start.y + start.height / 2);
    const bend = Math.max(12, Math.abs(x1 - x0) / 2);
    pen.bezierCurveTo(x0 + bend, start.y + start.height / 2, x1 - bend, stop.y + stop.height / 2,
                      x1, stop.y + stop.height / 2);
    pen.stroke();
    pen.restore();
  }
}

// What the pointer is told of an event.
function describe(id) {
  const events = model.events, kind = events.kind[id];
  const lines = [`${model.nameOf(id)} (${model.data.kinds[kind].replace("_", "-")})`];
  if (kind === model.kindOf.burst)
    lines.push(`${count(events.count[id])} tasks, ${events.task[id]} to ${events.lastTask[id]}, run ${events.run[id]}`);
  else if (events.task[id] >= 0) lines.push(`task ${events.task[id]} of run ${events.run[id]}`);
  lines.push(`took ${time(events.took[id])}` +
      (events.predicted[id] ? `, predicted ${time(events.predicted[id])}` : ""));
  if (events.bytes[id]) lines.push(byteCount(events.bytes[id]));
  if (model.reasonOf(id)) lines.push(`because of: ${model.reasonOf(id)}`);
  return lines.join("\n");
}
