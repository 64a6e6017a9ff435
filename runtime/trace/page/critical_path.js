// Which tasks held up the end of a run: from the last to end, always back to what ended last before
// it could begin: a predecessor in the graph, or the task before it on its lane. What lies between
// the two is time in which nothing held it up but its bytes, the runtime or the operating system.

function predecessorsOf(graph) {
  if (graph.predecessors) return graph.predecessors;
  graph.predecessors = Array.from({length: graph.tasks}, () => []);
  for (let task = 0; task < graph.tasks; ++task)
    for (let s = graph.firstSuccessor[task]; s < graph.firstSuccessor[task + 1]; ++s)
      graph.predecessors[graph.successors[s]].push(task);
  return graph.predecessors;
}

// Null when single tasks of the run are not in the trace.
function criticalPath(run) {
  const graph = model.data.graphs[run.graph];
  const predecessors = predecessorsOf(graph);
  const ran = (task) => {
    const known = model.known.get(run.id + ":" + task);
    return known ? known.ran : -1;
  };
  let last = -1;
  for (let task = 0; task < graph.tasks; ++task) {
    const id = ran(task);
    if (id >= 0 && (last < 0 || model.end[id] > model.end[ran(last)])) last = task;
  }
  if (last < 0) return null;
  const before = laneBefore(run);
  const steps = [];
  // Clocks of two devices may differ by so little that two tasks seem to hold up each other.
  const seen = new Set();
  for (let id = ran(last); id >= 0 && !seen.has(id);) {
    seen.add(id);
    const task = model.events.task[id];
    let held = -1, by = "";
    for (const candidate of predecessors[task]) {
      if (ran(candidate) < 0 || (held >= 0 && model.end[ran(candidate)] <= model.end[held])) continue;
      held = ran(candidate);
      by = "a predecessor";
    }
    const onLane = before.get(id);
    if (onLane !== undefined && (held < 0 || model.end[onLane] > model.end[held])) {
      held = onLane;
      by = "its lane";
    }
    const from = held < 0 ? run.submitted : model.end[held];
    // Queued behind its predecessor a task may seem to begin a little before that one's end.
    steps.push({task, id, by, waited: Math.max(0, model.events.begin[id] - from),
                took: model.events.took[id]});
    id = held;
  }
  return {steps: steps.reverse(), longest: longestPath(graph, predecessors, ran)};
}

// For each task of the run, the one that ended before it on the same lane.
function laneBefore(run) {
  const before = new Map();
  for (const row of model.rows) {
    let last;
    for (const id of row.ids) {
      if (model.events.run[id] !== run.id || !model.isTask(model.events.kind[id])) continue;
      if (last !== undefined && model.end[last] <= model.end[id]) before.set(id, last);
      last = id;
    }
  }
  return before;
}

// The longest path through the graph by the times observed: with lanes without number, no schedule
// of tasks that take so long could be shorter.
function longestPath(graph, predecessors, ran) {
  const open = predecessors.map((list) => list.length);
  const until = new Float64Array(graph.tasks);
  const ready = [];
  for (let task = 0; task < graph.tasks; ++task) if (open[task] === 0) ready.push(task);
  let longest = 0;
  while (ready.length) {
    const task = ready.pop();
    const id = ran(task);
    until[task] += id < 0 ? 0 : model.events.took[id];
    longest = Math.max(longest, until[task]);
    for (let s = graph.firstSuccessor[task]; s < graph.firstSuccessor[task + 1]; ++s) {
      const next = graph.successors[s];
      until[next] = Math.max(until[next], until[task]);
      if (--open[next] === 0) ready.push(next);
    }
  }
  return longest;
}

function showPath(run, select) {
  if (!run) return put("path", none("Choose a run above."));
  const path = criticalPath(run);
  if (!path) {
    return put("path", none("Single tasks of this run were not traced: the host lane records bursts " +
        "of tasks unless the trace is full (TraceLevel::full)."));
  }
  const took = path.steps.reduce((sum, step) => sum + step.took, 0);
  const waited = path.steps.reduce((sum, step) => sum + step.waited, 0);
  const held = (by) => path.steps.filter((step) => step.by === by).length;
  const kernels = new Map();
  for (const step of path.steps) {
    const key = model.nameOf(step.id) + "\n" + model.deviceOf(step.id);
    const entry = kernels.get(key) || {tasks: 0, took: 0, waited: 0};
    entry.tasks += 1;
    entry.took += step.took;
    entry.waited += step.waited;
    kernels.set(key, entry);
  }
  const summary = element("p", {},
      `A chain of ${count(path.steps.length)} tasks: ${time(took)} in kernels, ${time(waited)} ` +
      `between them. ${count(held("a predecessor"))} waited for a predecessor, ` +
      `${count(held("its lane"))} for their lane. The longest path through the graph by the times ` +
      `observed is ${time(path.longest)}: with any number of lanes, tasks that take so long cannot ` +
      `be done sooner.`);
  const byKernel = [...kernels].sort((a, b) => b[1].took + b[1].waited - a[1].took - a[1].waited)
      .map(([key, entry]) => [...key.split("\n"), count(entry.tasks), time(entry.took),
                              time(entry.waited)]);
  const steps = path.steps.map((step) => [
    element("a", {onclick: () => select(step.id)}, `task ${step.task}`), model.nameOf(step.id),
    model.deviceOf(step.id), step.by, time(step.waited), time(step.took)]);
  put("path", summary,
      table([["kernel"], ["device"], ["tasks", true], ["in kernels", true], ["idle before", true]],
            byKernel),
      element("details", {}, element("summary", {}, "Step by step"),
          element("div", {class: "scroll"}, table([["task"], ["kernel"], ["device"],
              ["held up by"], ["idle before", true], ["took", true]], steps))));
}
