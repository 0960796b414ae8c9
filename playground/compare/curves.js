/* Curves of all runs over steps or seconds. Losses stand in one plot only where they mean the same; Fréchet distances where they are of the same data. */
import {decode} from '../ui/lib/codec.js';
import {node, button} from '../ui/lib/nodes.js';
import {CONFIG, axis, layout, legend, plotlyOr, purge} from '../ui/lib/plotly.js';

/* [{title, note, unit, log, lines: [{column, run, curve, wide, name}]}]: what is drawn, from the columns. */
export function panels(columns) {
  const found = new Map(), every = columns.flatMap(column => column.runs.filter(run => run.frechet).map(run => ({column, run})));
  const data = [...new Set(every.map(({run}) => run.dataset))];
  for (const name of data) {  // each has a classifier of its own
    const measured = every.filter(({run}) => run.dataset === name), sizes = [...new Set(measured.map(({run}) => run.frechet.n))];
    found.set(`frechet ${name}`, {title: `Fréchet distance of samples while they trained${data.length > 1 ? `, ${measured[0].run.data}` : ''}`, unit: 'Fréchet distance', log: true,
      floor: sizes.length > 1 ? null : measured[0].run.frechet.floor,
      note: sizes.length > 1 ? `Of ${sizes.join(', ')} samples: fewer read higher, so compare with care.` : `Of ${sizes[0]} samples each; dashed: as many held-out images.`,
      lines: measured.map(({column, run}) => ({column, run, curve: run.frechet, wide: true, name: column.title}))});
  }
  for (const column of columns) for (const run of column.runs) {
    const {key, unit, train, held_out: held} = run.loss;
    if (!train && !held) continue;
    if (!found.has(key)) found.set(key, {title: `Loss: ${unit}`, note: 'Thin: on what it trains on. Thick: on held-out data.', unit, log: false, lines: []});
    const {lines} = found.get(key);
    if (train) lines.push({column, run, curve: train, wide: false, name: ''});
    if (held) lines.push({column, run, curve: held, wide: true, name: column.title});
  }
  return [...found.values()];
}

export function plots() {
  let over = 'steps', shown = [], made = [], last = null, key = '';

  const pace = run => (run.step ? run.seconds / run.step : 0);
  function trace({column, run, curve, wide, name}, unit, seen) {
    const steps = decode.f32(curve.steps), first = name && !seen.has(name);
    if (name) seen.add(name);
    return {type: 'scatter', mode: steps.length === 1 ? 'markers' : 'lines', name: name || column.title, showlegend: Boolean(first), legendgroup: column.title,
            x: over === 'steps' ? steps : steps.map(step => step * pace(run)), y: decode.f32(curve.values), line: {color: column.colour, width: wide ? 2.4 : 1},
            hovertemplate: `${over === 'steps' ? 'step %{x:,}' : '%{x:.3~g} s'}: %{y:.4~g} ${unit}<extra>${column.title}, seed ${run.seed}</extra>`};
  }
  /* The part of the axis that matters: what comes in the first tenth of a run is high. */
  function range(panel) {
    const late = panel.lines.flatMap(({curve}) => { const values = decode.f32(curve.values); return [...values.slice(Math.floor(values.length / 5))]; }).filter(Number.isFinite);
    if (panel.log || late.length < 8) return {};
    const low = Math.min(...late), high = Math.max(...late), room = 0.08 * (high - low) + 1e-9;
    return {range: [low - room, high + room]};
  }
  function drawOne(place, panel) {
    const P = plotlyOr(() => { key = ''; redraw(); });
    if (!P) return;
    const seen = new Set(), traces = panel.lines.map(line => trace(line, panel.unit, seen));
    const floor = panel.floor > 0 ? [{type: 'line', xref: 'paper', x0: 0, x1: 1, y0: panel.floor, y1: panel.floor, line: {dash: 'dash', width: 1, color: 'gray'}}] : [];
    P.react(place, traces, layout(place, {margin: {l: 40, r: 8, t: 6, b: 36}, hovermode: 'closest', xaxis: axis(over === 'steps' ? 'step' : 'seconds, at the mean pace of each run', {rangemode: 'tozero'}),
      yaxis: axis('', {type: panel.log ? 'log' : 'linear', ...range(panel)}), legend: legend(), shapes: floor}), CONFIG);
    place.dataset.drawn = String((Number(place.dataset.drawn) || 0) + 1);
  }
  function redraw() { if (last) draw(...last); }

  function draw(row, columns) {
    last = [row, columns];
    const now = JSON.stringify([over, row.clientWidth, getComputedStyle(document.body).color, columns.map(column => [column.title, column.runs.map(run => [run.run, run.version])])]);
    if (now === key || !row.clientWidth) return;
    key = now;
    const next = panels(columns), names = next.map(panel => panel.title + panel.lines.map(line => line.run.run)).join();
    if (row.dataset.names !== names) { row.dataset.names = names; build(row, next); }
    shown = next;
    made.forEach((place, k) => drawOne(place, shown[k]));
  }
  function build(row, panels_) {
    made.forEach(purge);
    made = panels_.map(() => node('div', 'compare-plot'));
    const by = ['steps', 'seconds'].map(name => button(name, 'pg-small', () => { over = name; choices(); redraw(); }));
    const choices = () => by.forEach(each => each.setAttribute('aria-pressed', String(each.textContent === over)));
    choices();
    const losses = panels_.filter(panel => panel.title.startsWith('Loss')).length;
    row.replaceChildren(node('h3', '', 'Curves over ', ...by, losses > 1 ? node('span', 'compare-soft', ' Losses of different meaning or unit cannot be compared, so each has a plot of its own.') : ''),
      node('div', 'compare-plots', ...made.map((place, k) => node('figure', '', node('figcaption', '', node('b', '', panels_[k].title), node('span', '', panels_[k].note)), place))));
  }
  return {draw, clear() { made.forEach(purge); made = []; key = ''; last = null; }};
}
