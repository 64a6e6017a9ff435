// What is known of one event: for a task, where it ran, what else it could have run on, and why.

function describeMoments(run, task, known) {
  const {events, end} = model;
  const moments = [];
  const since = (at) => ((run ? at - run.submitted : at) / 1e6).toFixed(3) + " ms";
  if (known.placement >= 0) {
    moments.push(["ready", since(events.begin[known.placement]), "its predecessors were over, or ahead of it in one queue"]);
    moments.push(["placed", since(end[known.placement]), model.reasonOf(known.placement)]);
  }
  if (known.issue >= 0) moments.push(["issued", since(end[known.issue]), "its inputs were there, and the queue had room"]);
  if (known.ran >= 0) {
    moments.push(["began", since(events.begin[known.ran]), ""]);
    moments.push(["ended", since(end[known.ran]), `took ${time(events.took[known.ran])}` +
        (events.predicted[known.ran] ? `, predicted ${time(events.predicted[known.ran])}` : "")]);
  }
  return table([["moment"], [run ? "after submission" : "at", true], ["why"]], moments);
}

function describeCandidates(run, task, known) {
  const {data, events, end} = model;
  const graph = run ? data.graphs[run.graph] : null;
  const chosen = known.placement >= 0 ? model.deviceOf(known.placement) : model.deviceOf(known.ran);
  const rows = data.devices.map((device, d) => {
    const id = known.candidates.findLast((candidate) => model.deviceOf(candidate) === device.name);
    const unable = graph && graph.unable.length ? graph.unable[graph.kernelOf[task]][d] : "";
    const banned = graph && graph.banned.some(([t, on]) => t === task && on === d);
    let row;
    if (id !== undefined) {
      const placed = end[known.placement];
      row = [device.name, time(events.begin[id] - placed), time(events.took[id]),
             time(end[id] - placed), events.count[id] ? `${events.count[id]} times` : "never"];
    } else {
      row = [device.name, "", "", "", unable || (banned ? "the task's options keep it away"
          : device.name === chosen ? "" : "could not take it then")];
    }
    row.chosen = device.name === chosen;
    return row;
  });
  return table([["device"], ["free in", true], ["would take", true], ["over in", true],
                ["measured"]], rows);
}

function showTask(id, select) {
  if (id < 0) return put("task", none("Click a task in the timeline."));
  const {events} = model, kind = events.kind[id];
  if (events.task[id] < 0 || kind === model.kindOf.burst || kind === model.kindOf.hand_over) {
    return put("task", ...describe(id).split("\n").map((line) => element("p", {}, line)),
        element("p", {}, `on ${model.deviceOf(id)}, ${model.data.tracks[events.track[id]].name}`));
  }
  const task = events.task[id], run = model.runs.get(events.run[id]);
  const known = model.ofTask(events.run[id], task);
  const ran = known.ran >= 0 ? known.ran : id;
  const track = model.data.tracks[events.track[ran]];
  const graph = run ? model.data.graphs[run.graph] : null;
  const label = graph ? new Map(graph.labels).get(task) : null;
  const parts = [element("p", {}, element("b", {}, model.nameOf(ran)), label ? ` “${label}”` : "",
      `, task ${task} of run ${events.run[id]}, on `, element("b", {}, track.group), `, ${track.name}.`)];
  for (const failure of known.failures)
    parts.push(element("p", {class: "bad"}, `Failed on ${model.deviceOf(failure)}: ${model.reasonOf(failure)}`));
  parts.push(describeMoments(run, task, known));
  if (known.placement >= 0) {
    parts.push(element("p", {}, "When it was placed, the policy saw:"),
               describeCandidates(run, task, known));
  } else {
    parts.push(none("What was decided of it is not in the trace: that is recorded at " +
        "TraceLevel::full, and there is nothing to decide of tasks in the host lane."));
  }
  if (graph) {
    const links = (tasks) => tasks.length === 0 ? ["none"] : tasks.slice(0, 40).flatMap((other, at) => {
      const there = model.known.get(run.id + ":" + other);
      const text = `${other} (${graph.kernels[graph.kernelOf[other]]})`;
      return [at ? ", " : "", there && there.ran >= 0
          ? element("a", {onclick: () => select(there.ran)}, text) : text];
    }).concat(tasks.length > 40 ? [` and ${tasks.length - 40} more`] : []);
    parts.push(element("p", {}, "After: ", ...links(predecessorsOf(graph)[task])),
               element("p", {}, "Before: ", ...links(graph.successors.slice(
                   graph.firstSuccessor[task], graph.firstSuccessor[task + 1]))));
  }
  put("task", ...parts);
}
