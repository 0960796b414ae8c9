/* Loss curves with Plotly, redrawn at most twice a second. Payload: playground/views/numbers.py. A log axis, or none, that a person chose stands in the
   page's address, ?vae.curves.log=on. */
import {said, write} from '../lib/address.js';
import {subscribe} from '../lib/bus.js';
import {decode} from '../lib/codec.js';
import {short, stepText, thousands} from '../lib/format.js';
import {live, visible} from '../lib/live.js';
import {rgb, roleColour} from '../lib/theme.js';
import {CONFIG, axis, drawNames, isNarrow, layout, legend, plotlyOr, purge} from '../lib/plotly.js';

/** @typedef {import('../lib/payloads.d.ts').Curves} Curves */
/** @typedef {import('../lib/payloads.d.ts').Series} Series */

/** @param {Series} series @param {string} unit */
function trace(series, unit) {
  const thick = series.name.startsWith('held_out'), values = decode.f32(series.values);
  return {type: 'scatter', mode: values.length === 1 ? 'markers' : series.gap || series.dash ? 'lines+markers' : 'lines', name: series.label, x: decode.f32(series.steps), y: values,
          line: {color: roleColour(series.role), width: thick ? 2.6 : 1.2, dash: series.dash || (['floor', 'linear'].includes(series.name) ? 'dash' : 'solid')},
          ...(series.gap ? {fill: 'tonexty', fillcolor: `rgba(${rgb(roleColour('posterior'))}, 0.22)`} : {}), marker: {color: roleColour(series.role), size: series.gap || series.dash ? 4 : 6},
          hovertemplate: `step %{x:,}: %{y:.4~g} ${unit}<extra>${series.label}</extra>`};
}

export function mount({element, props}) {
  const plot = element.querySelector('.curves-plot'), empty = element.querySelector('.pg-empty');
  const log = element.querySelector('.curves-log'), note = element.querySelector('.pg-note'), stepLabel = element.querySelector('.pg-step');
  const future = element.querySelector('.curves-future'), marks = element.querySelector('.curves-above'), names = element.querySelector('.pg-names');
  const form = `${props.tab}.${props.view}`;
  let chosen = {on: true, off: false}[said(form).log] ?? null, run = null;                       // the reader's own choice of axis, kept over frames and runs

  let newest = null;

  /* `focus`: the part of the axis that matters, shown first; a double click shows all. */
  function look(unit, isLog, focus) {
    const narrow = isNarrow(plot);
    return layout(plot, {
      uirevision: `${run}|${isLog}`, showlegend: !narrow, margin: {l: 36, r: 8, t: 6 + names.offsetHeight, b: 36}, dragmode: 'zoom', hovermode: 'x', xaxis: axis('step', {rangemode: 'tozero'}),
      yaxis: axis(narrow ? '' : unit, {standoff: 6, type: isLog ? 'log' : 'linear', ...(focus && !isLog ? {range: focus} : {}), ...(isLog ? {minor: {showgrid: false}, exponentformat: 'power'} : {})}),
      legend: legend(),
    });
  }

  /* The step of a moment that is looked back at: a line there, and what came after it is dimmed. Above Plotly, because it
     moves more often than the curves are drawn. */
  function mark(payload) {
    const axis = plot.data && plot._fullLayout && plot._fullLayout.xaxis, at = payload && payload.marker;
    future.hidden = at == null || !axis;
    markAbove(payload, axis);
    if (future.hidden) return;
    const {yaxis} = plot._fullLayout, left = Math.max(0, Math.min(axis._length, axis.l2p(at)));
    Object.assign(future.style, {left: `${axis._offset + left}px`, width: `${axis._length - left}px`,
                                 top: `${yaxis._offset}px`, height: `${yaxis._length}px`});
    stepLabel.textContent = stepText({step: at});
  }

  /* An arrowhead at the upper edge for each reading that lies above what the axis shows now. */
  function markAbove(payload, axis) {
    const above = (payload && payload.above) || [], {yaxis} = plot._fullLayout || {};
    const out = axis ? above.filter(([step, value]) => (yaxis.type === 'log' ? Math.log10(value) : value) > yaxis.range[1] && axis.l2p(step) >= 0 && axis.l2p(step) <= axis._length) : [];
    const now = JSON.stringify([out, axis && [axis.range, axis._offset, axis._length]]);
    if (marks.dataset.key === now) return;
    marks.dataset.key = now;
    if (axis) marks.style.top = `${yaxis._offset + 22}px`;
    const most = out.reduce((best, one) => (best && best[1] >= one[1] ? best : one), null);
    marks.replaceChildren(...out.map(([step, value]) => {
      const arrow = document.createElement('i');
      arrow.style.left = `${axis._offset + axis.l2p(step)}px`;
      arrow.title = `step ${thousands(step)}: ${short(value)} ${payload.unit}, above what is shown`;
      return arrow;
    }), most ? `▲ up to ${short(most[1])} at step ${thousands(most[0])}: double click to see it` : '');
  }

  /** @param {Curves | null} payload */
  function draw(payload, frame) {
    run = frame && frame.run;
    const any = payload && payload.series.length > 0;
    empty.hidden = Boolean(any);
    stepLabel.textContent = any ? stepText(payload) : '';
    note.textContent = any ? payload.unit : '';
    if (!any) { purge(plot); drawNames(names, plot, []); mark(null); return; }
    const P = plotlyOr(() => view.redraw());
    if (!P) return;
    const isLog = chosen != null ? chosen : payload.log;
    log.setAttribute('aria-pressed', String(isLog));
    const first = !plot.data;
    const traces = payload.series.map(series => trace(series, payload.unit));
    drawNames(names, plot, traces);
    P.react(plot, traces, look(payload.unit, isLog, payload.focus), CONFIG);
    plot.dataset.drawn = (Number(plot.dataset.drawn) || 0) + 1;
    if (first) ['plotly_relayout', 'plotly_relayouting'].forEach(name => plot.on(name, () => mark(newest)));
    mark(newest);
  }
  const view = live({element, tab: props.tab, views: [props.view], draw, interval: 500});

  subscribe(props.tab, frame => { newest = frame && frame.views[props.view]; if (visible(element)) mark(newest); });

  log.addEventListener('click', () => {
    chosen = log.getAttribute('aria-pressed') !== 'true';
    log.setAttribute('aria-pressed', String(chosen));
    write(form, chosen === Boolean(newest && newest.log) ? {} : {log: chosen ? 'on' : 'off'});
    view.redraw();
  });
}
