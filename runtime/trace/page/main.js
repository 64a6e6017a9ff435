// Puts the page together, at the last run. "#run=7&task=42&path" in the address opens it there, with
// the chain underlined; "#run=all" at the whole trace.
(() => {
  const {data, events} = model;
  const runs = data.runs;
  let shownRun = null;

  const timeline = new Timeline(document.getElementById("lanes"), document.getElementById("tip"),
                                select, showUtilisation);
  function select(id) {
    timeline.selected = id;
    const run = model.runs.get(events.run[id]);
    if (run && shownRun && run !== shownRun && events.task[id] >= 0) choose(run);
    timeline.selected = id;
    timeline.reveal(id);
    showTask(id, select);
  }

  function choose(run) {
    shownRun = run;
    document.getElementById("run").value = run ? run.id : "all";
    timeline.zero = run ? run.submitted : 0;
    timeline.zeroIs = run ? "since its submission" : "since the trace began";
    timeline.selected = -1;
    underline();
    if (run) timeline.setHome(run.submitted, run.finished >= 0 ? run.finished : model.last);
    else timeline.setHome(0, model.last);
    showPath(run, select);
    showTask(-1, select);
  }

  function underline() {
    const wanted = document.getElementById("show-path").checked && shownRun;
    const path = wanted ? criticalPath(shownRun) : null;
    timeline.path = new Set(path ? path.steps.map((step) => step.id) : []);
  }

  function showTiles() {
    const total = (name) => {
      const metric = data.metrics.find((candidate) => candidate.name === name);
      return metric ? metric.samples.reduce((sum, sample) => sum + sample.value, 0) : 0;
    };
    const tiles = [
      [count(total("troika_tasks_done_total")), "tasks done"],
      [count(runs.length), "runs in the trace"],
      [time(model.last), "traced"],
      [byteCount(total("troika_copied_bytes_total")), "copied"],
      [byteCount(total("troika_handed_over_bytes_total")), "handed over"],
      [count(total("troika_tasks_failed_total")), "tasks failed"],
      [count(total("troika_devices_lost_total")), "devices lost"],
    ];
    put("tiles", ...tiles.map(([value, what]) => element("div", {class: "tile"},
        element("b", {}, value), element("span", {}, what))));
  }

  function showLosses() {
    const losses = [];
    if (data.dropped)
      losses.push(`${count(data.dropped)} events were dropped for want of room in a thread's ring`);
    if (data.forgotten)
      losses.push(`${count(data.forgotten)} of the oldest events were forgotten for want of room`);
    if (data.runsForgotten)
      losses.push(`the graphs of ${count(data.runsForgotten)} of the oldest runs were forgotten`);
    if (losses.length === 0) return;
    const place = document.getElementById("losses");
    place.textContent = "This is not all that happened: " + losses.join("; ") + ".";
    place.hidden = false;
  }

  function showLegend() {
    const names = new Map();
    for (const row of model.rows)
      for (const id of row.ids)
        if (events.kind[id] !== model.kindOf.burst && events.kind[id] !== model.kindOf.failure)
          names.set(model.nameOf(id), (names.get(model.nameOf(id)) || 0) + events.took[id]);
    const entries = [...names].sort((a, b) => b[1] - a[1]).slice(0, 24).map(([name]) => {
      const box = element("i");
      box.style.background = colours(name);
      return element("span", {}, box, name);
    });
    put("legend", ...entries);
  }

  function fillRuns() {
    const box = document.getElementById("run");
    box.append(element("option", {value: "all"}, "all"), ...runs.map((run) => element("option",
        {value: run.id}, `${run.id}: ${count(data.graphs[run.graph].tasks)} tasks, ` +
        (run.finished >= 0 ? time(run.finished - run.submitted) : "not over") +
        (run.failure ? ", failed: " + run.failure.slice(0, 60) : ""))));
    box.onchange = () => choose(box.value === "all" ? null : model.runs.get(Number(box.value)));
    document.getElementById("show-path").onchange = () => { underline(); timeline.draw(); };
  }

  document.getElementById("subtitle").textContent =
      `policy ${data.policy}; ` + data.devices.map((device) => device.name).join(", ");
  showTiles();
  showLosses();
  fillRuns();
  showLegend();
  showAccuracy();
  showBytes();
  showFailures(select);
  showDevices();
  showCounters();

  const wanted = new URLSearchParams(location.hash.slice(1));
  document.getElementById("show-path").checked = wanted.has("path");
  const run = model.runs.get(Number(wanted.get("run"))) || runs[runs.length - 1] || null;
  choose(wanted.get("run") === "all" ? null : run);
  if (run && wanted.has("task")) {
    const known = model.known.get(run.id + ":" + wanted.get("task"));
    if (known && known.ran >= 0) select(known.ran);
  }
})();
