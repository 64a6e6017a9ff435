"use strict";
// The report's data as the other scripts want it. Times are in nanoseconds since the first event.
const model = (() => {
  const data = JSON.parse(document.getElementById("report").textContent);
  const events = data.events;
  const kindOf = Object.fromEntries(data.kinds.map((name, index) => [name, index]));
  const size = events.begin.length;
  const end = Float64Array.from(events.begin, (begin, i) => begin + events.took[i]);
  const nameOf = (i) => events.name[i] < 0 ? data.kinds[events.kind[i]] : data.names[events.name[i]];
  const reasonOf = (i) => events.reason[i] < 0 ? "" : data.names[events.reason[i]];
  const deviceOf = (i) => events.track[i] < 0 ? "" : data.tracks[events.track[i]].group;
  const isDecision = (kind) => kind >= kindOf.placement;
  const isTask = (kind) => kind === kindOf.task || kind === kindOf.retry;

  // What is known of each task of each run: ids of events.
  const known = new Map();
  const keyOf = (run, task) => run + ":" + task;
  const ofTask = (run, task) => {
    const key = keyOf(run, task);
    if (!known.has(key))
      known.set(key, {ran: -1, placement: -1, issue: -1, candidates: [], failures: []});
    return known.get(key);
  };
  const rows = data.tracks.map((track, number) => ({track, number, ids: [], busy: []}));
  const failures = [];
  for (let i = 0; i < size; ++i) {
    const kind = events.kind[i];
    if (events.task[i] >= 0 && events.run[i] >= 0 && kind !== kindOf.burst) {
      const task = ofTask(events.run[i], events.task[i]);
      if (isTask(kind)) task.ran = i;
      else if (kind === kindOf.failure) task.failures.push(i);
      else if (kind === kindOf.issue) task.issue = i;
      else if (kind === kindOf.candidate) task.candidates.push(i);
      else if (kind === kindOf.placement) task.placement = i;
    }
    if (kind === kindOf.failure || kind === kindOf.retry) failures.push(i);
    if (!isDecision(kind) && events.track[i] >= 0) rows[events.track[i]].ids.push(i);
  }
  // A task that was placed anew was considered anew.
  for (const task of known.values()) {
    if (task.placement < 0) continue;
    const placed = end[task.placement];
    task.candidates = task.candidates.filter((i) => events.begin[i] >= placed);
  }

  const deviceOrder = data.devices.map((device) => device.name);
  const placeOf = (row) => {
    const place = deviceOrder.indexOf(row.track.group);
    return place < 0 ? deviceOrder.length : place;
  };
  const used = rows.filter((row) => row.ids.length !== 0);
  used.sort((a, b) => placeOf(a) - placeOf(b) || a.number - b.number);
  for (const row of used) {
    // Events are by their beginning; the latest end so far finds the first that is still visible.
    row.latest = new Float64Array(row.ids.length);
    let latest = -Infinity;
    row.ids.forEach((id, at) => row.latest[at] = latest = Math.max(latest, end[id]));
    row.holdsBytes = row.ids.every((id) => !isTask(events.kind[id]) &&
        events.kind[id] !== kindOf.burst && events.kind[id] !== kindOf.failure) &&
        /bytes$|^cop/.test(row.track.name);
  }

  const runs = new Map(data.runs.map((run) => [run.id, run]));
  const last = end.reduce((latest, time, i) => isDecision(events.kind[i]) ? latest
      : Math.max(latest, time), 0);
  return {data, events, end, size, kindOf, nameOf, reasonOf, deviceOf, isDecision, isTask, ofTask,
          rows: used, failures, runs, known, last};
})();

// First position in a sorted list at which it is greater than the limit.
function firstAbove(list, limit) {
  let low = 0, high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

const colours = (() => {
  const of = new Map();
  // What a canvas reads fastest.
  const hex = (hue, saturation, lightness) => {
    const reach = saturation * Math.min(lightness, 1 - lightness);
    const part = (n) => {
      const k = (n + hue / 30) % 12;
      const value = lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1));
      return Math.round(255 * value).toString(16).padStart(2, "0");
    };
    return "#" + part(0) + part(8) + part(4);
  };
  const fixed = {copy: "#e07b00", "copy, pinned": "#f0a030", "hand over": "#8a94a3", "take over": "#aab3bf"};
  return (name) => {
    if (fixed[name]) return fixed[name];
    if (!of.has(name)) {
      const turn = of.size;
      of.set(name, hex((205 + turn * 137.5) % 360, turn % 2 ? 0.52 : 0.62, turn % 3 ? 0.55 : 0.46));
    }
    return of.get(name);
  };
})();

// "12.3 ms"; as many digits as tell something.
function time(nanos) {
  const size = Math.abs(nanos);
  for (const [unit, scale] of [["s", 1e9], ["ms", 1e6], ["µs", 1e3]])
    if (size >= scale) return digits(nanos / scale) + " " + unit;
  return Math.round(nanos) + " ns";
}
// Of a power of ten: "100 µs".
function roundTime(nanos) {
  const [unit, scale] = [["s", 1e9], ["ms", 1e6], ["µs", 1e3], ["ns", 1]]
      .find(([, size]) => nanos >= size * 0.999) || ["ns", 1];
  return Math.round(nanos / scale) + " " + unit;
}
function digits(value) {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}
function byteCount(bytes) {
  for (const [unit, scale] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]])
    if (bytes >= scale) return digits(bytes / scale) + " " + unit;
  return bytes + " B";
}
function count(value) { return value.toLocaleString("en"); }
function percent(part) { return (100 * part).toFixed(Math.abs(part) < 0.0995 ? 1 : 0) + " %"; }
function median(values) {
  const sorted = Float64Array.from(values).sort();
  return sorted.length ? sorted[sorted.length >> 1] : 0;
}

// An element with text, attributes or children; nothing is ever read as markup.
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key === "onclick") made.onclick = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}
// Columns: [heading, is a number]. Rows: lists of text or elements; a row may carry a class.
function table(columns, rows) {
  const cell = (name, content, isNumber) =>
      element(name, isNumber ? {class: "number"} : {}, content);
  return element("table", {},
      element("thead", {}, element("tr", {}, ...columns.map(([text, n]) => cell("th", text, n)))),
      element("tbody", {}, ...rows.map((row) => element("tr", row.chosen ? {class: "chosen"} : {},
          ...row.map((content, at) => cell("td", content, columns[at][1]))))));
}
function none(text) { return element("p", {class: "none"}, text); }
function put(id, ...children) { document.getElementById(id).replaceChildren(...children); }
