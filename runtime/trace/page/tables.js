// What is added up: utilisation, bytes, predictions, failures, counters.

// Share of the time shown in which a device's lanes ran tasks, by kernel.
function showUtilisation(from, to) {
  const devices = new Map(model.data.devices.map((device) => [device.name, {
    device, busy: 0, tasks: 0, kernels: new Float64Array(model.data.names.length + 1)}]));
  from = Math.max(from, 0);
  to = Math.min(to, model.last);
  const span = Math.max(1, to - from);
  for (const row of model.rows) {
    const total = devices.get(row.track.group);
    if (row.holdsBytes || !total) continue;
    let covered = from;
    for (let i = firstAbove(row.latest, from); i < row.ids.length; ++i) {
      const id = row.ids[i];
      if (model.events.begin[id] > to) break;
      const kind = model.events.kind[id];
      const isTask = model.isTask(kind) || kind === model.kindOf.failure;
      if (!isTask && kind !== model.kindOf.burst) continue;
      // Tasks within a burst, and what seems to overlap, count once.
      const begin = Math.max(model.events.begin[id], covered), end = Math.min(model.end[id], to);
      if (isTask && model.events.begin[id] >= from) total.tasks += 1;
      if (end <= begin) continue;
      total.busy += end - begin;
      total.kernels[kind === model.kindOf.burst ? 0 : model.events.name[id] + 1] += end - begin;
      covered = end;
    }
  }
  const rows = [...devices.values()].map(({device, busy, tasks, kernels}) => {
    const capacity = span * device.lanes;
    const shares = Array.from(kernels, (took, at) =>
        [at === 0 ? "bursts of the host lane" : model.data.names[at - 1], took]);
    shares.sort((a, b) => b[1] - a[1]);
    const parts = shares.filter(([, took]) => took > 0).map(([name, took]) => {
      const part = element("div", {title: `${name}: ${percent(took / capacity)}`});
      part.style.width = 100 * took / capacity + "%";
      part.style.background = name === "bursts of the host lane" ? "#c5d3e6" : colours(name);
      return part;
    });
    return [device.name, `${device.lanes}`, element("div", {class: "bar"}, ...parts),
            percent(busy / capacity), count(tasks)];
  });
  put("utilisation", table([["device"], ["lanes", true], ["by kernel"], ["busy", true],
                            ["tasks", true]], rows));
}

function showBytes() {
  const groups = new Map();
  for (const row of model.rows) {
    for (const id of row.ids) {
      const kind = model.events.kind[id];
      if (kind !== model.kindOf.copy && kind !== model.kindOf.hand_over && kind !== model.kindOf.fill)
        continue;
      const key = [model.nameOf(id), row.track.group, model.reasonOf(id)].join("\n");
      const group = groups.get(key) || {moves: 0, bytes: 0, took: 0};
      group.moves += 1;
      group.bytes += model.events.bytes[id];
      group.took += model.events.took[id];
      groups.set(key, group);
    }
  }
  if (groups.size === 0) return put("bytes", none("None were copied and none handed over."));
  const rows = [...groups].sort((a, b) => b[1].bytes - a[1].bytes).map(([key, group]) =>
      [...key.split("\n"), count(group.moves), byteCount(group.bytes), time(group.took)]);
  put("bytes", element("div", {class: "scroll"},
      table([["what"], ["device"], ["for"], ["times", true], ["bytes", true], ["took", true]], rows)));
}

function showAccuracy() {
  const groups = new Map();
  const points = [];
  for (const {ran} of model.known.values()) {
    if (ran < 0 || !model.events.predicted[ran] || !model.events.took[ran]) continue;
    const key = model.nameOf(ran) + "\n" + model.deviceOf(ran);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(ran);
    points.push(ran);
  }
  if (points.length === 0)
    return put("accuracy", none("No task in the trace had a prediction."));
  const rows = [...groups].map(([key, ids]) => {
    const predicted = median(ids.map((id) => model.events.predicted[id]));
    const observed = median(ids.map((id) => model.events.took[id]));
    const off = median(ids.map((id) => Math.abs(model.events.predicted[id] / model.events.took[id] - 1)));
    const bias = median(ids.map((id) => model.events.predicted[id] / model.events.took[id])) - 1;
    return {work: observed * ids.length, cells: [...key.split("\n"), count(ids.length),
        time(predicted), time(observed), (bias >= 0 ? "+" : "−") + percent(Math.abs(bias)),
        percent(off)]};
  });
  rows.sort((a, b) => b.work - a.work);
  put("accuracy-table", element("div", {class: "scroll"}, table(
      [["kernel"], ["device"], ["tasks", true], ["predicted", true], ["observed", true],
       ["bias", true], ["off by", true]], rows.map((row) => row.cells))),
      element("p", {class: "hint"}, "Medians. Bias: predicted beside observed, with its sign; off by: " +
      "without. A first run of a kernel on a device is predicted from rough peaks."));
  drawScatter(points);
}

// Both axes logarithmic; on the diagonal the prediction was right.
function drawScatter(points) {
  const canvas = document.getElementById("scatter"), scale = devicePixelRatio || 1;
  const width = 340, height = 320, left = 62, bottom = 40, right = 26, top = 8;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  pen.font = "11px system-ui, 'DejaVu Sans', sans-serif";
  const {took, predicted} = model.events;
  let least = Infinity, most = 0;
  for (const id of points) {
    least = Math.min(least, took[id], predicted[id]);
    most = Math.max(most, took[id], predicted[id]);
  }
  const low = Math.floor(Math.log10(least)), high = Math.max(low + 1, Math.ceil(Math.log10(most)));
  const along = (value) => (Math.log10(value) - low) / (high - low);
  const x = (value) => left + along(value) * (width - left - right);
  const y = (value) => height - bottom - along(value) * (height - bottom - top);
  pen.fillStyle = "#5d6877";
  pen.strokeStyle = "#e2e6ec";
  for (let power = low; power <= high; ++power) {
    const at = 10 ** power, text = roundTime(at);
    pen.beginPath();
    pen.moveTo(x(at), top);
    pen.lineTo(x(at), height - bottom);
    pen.moveTo(left, y(at));
    pen.lineTo(width - right, y(at));
    pen.stroke();
    pen.textAlign = "center";
    pen.fillText(text, x(at), height - bottom + 14);
    pen.textAlign = "right";
    pen.fillText(text, left - 5, y(at) + 4);
  }
  pen.textAlign = "center";
  pen.fillText("observed", (left + width - right) / 2, height - 6);
  pen.save();
  pen.translate(10, (top + height - bottom) / 2);
  pen.rotate(-Math.PI / 2);
  pen.fillText("predicted", 0, 0);
  pen.restore();
  pen.strokeStyle = "#1c243088";
  pen.beginPath();
  pen.moveTo(x(10 ** low), y(10 ** low));
  pen.lineTo(x(10 ** high), y(10 ** high));
  pen.stroke();
  pen.globalAlpha = points.length > 2000 ? 0.35 : 0.6;
  for (const id of points) {
    pen.fillStyle = colours(model.nameOf(id));
    pen.fillRect(x(took[id]) - 1.5, y(predicted[id]) - 1.5, 3, 3);
  }
}

function showFailures(select) {
  if (model.failures.length === 0) return put("failures", none("None in the trace."));
  const shown = model.failures.slice(0, 200);
  put("failures", element("div", {class: "scroll"}, ...shown.map((id) => element("p", {},
      model.events.task[id] >= 0 ? element("a", {onclick: () => select(id)},
          `task ${model.events.task[id]} of run ${model.events.run[id]}`) : "device",
      ` (${model.nameOf(id)}) on ${model.deviceOf(id)}, ${time(model.events.begin[id])}: ` +
      (model.events.kind[id] === model.kindOf.retry ? "done at another attempt"
          : model.reasonOf(id))))),
      shown.length < model.failures.length
          ? none(`and ${count(model.failures.length - shown.length)} more`) : "");
}

function showDevices() {
  put("devices", table([["name"], ["lanes", true], ["description"]],
      model.data.devices.map((device) => [device.name, `${device.lanes}`, device.description])),
      ...model.data.missing.map(({what, why}) => element("p", {},
          element("b", {}, "missing: " + what), " " + why)));
}

function showCounters() {
  const rows = [];
  for (const metric of model.data.metrics)
    for (const sample of metric.samples) {
      const name = element("span", {title: metric.name}, metric.help,
          sample.labels ? element("small", {}, " " + sample.labels) : "");
      rows.push([name, count(sample.value)]);
    }
  put("counters", table([["what"], ["", true]], rows));
}
