/* The axes of the plane: Plotly, redrawn only when they change, and where a place of the plane stands on the screen. */
import {CONFIG as COMMON, axis, layout, plotly, plotlyOr} from '../../ui/lib/plotly.js';
import {cssVar, isDark} from '../../ui/lib/theme.js';
import {NONLINEAR} from './chosen.js';
import {shownAs} from './state.js';

const CONFIG = {...COMMON, scrollZoom: true, doubleClick: false};

/* With Shift held Plotly takes 'zoom' for 'pan': in the plane that is how a map moves whose drags decode. */
/** @param {import('./state.js').MapState} map @param {HTMLElement} plot @param {import('../../ui/lib/payloads.d.ts').LatentMap} payload */
function look(map, plot, payload) {
  const {lo, hi} = payload.view || payload, own = {automargin: false, zeroline: true, zerolinecolor: cssVar('--border-color-primary'), zerolinewidth: 2, nticks: 7};
  const flat = payload.dims === 1, square = !flat && (map.isVAE || NONLINEAR.includes(shownAs(payload)));
  return layout(plot, {
    uirevision: `${map.run}|${shownAs(payload)}|${map.resets}`, width: map.width, height: map.height, margin: {l: 46, r: 8, t: 8, b: 40}, hovermode: false, showlegend: false,
    dragmode: map.decodes ? 'zoom' : 'pan', xaxis: axis(payload.axes[0], {...own, range: [lo[0], hi[0]]}),
    yaxis: axis(payload.axes[1] || '', {...own, range: [lo[1], hi[1]], showticklabels: !flat, fixedrange: flat, ...(square ? {scaleanchor: 'x'} : {})}),
  });
}

/** @param {import('./state.js').MapState} map */
export function makeAxes(map) {
  const plot = map.find('.map-plot');
  let key = '';

  /** @param {import('../../ui/lib/payloads.d.ts').LatentMap} payload */
  function draw(payload) {
    plot.style.visibility = '';
    const P = plotlyOr(() => map.draw.frame());
    if (!P) { map.ranges = null; return; }                   // nothing is drawn before there are axes
    const now = JSON.stringify([payload.view || [payload.lo, payload.hi], payload.axes, payload.prior, payload.dims, shownAs(payload), map.run, map.resets,
                                isDark(), map.width, map.height, map.decodes]);
    if (now !== key || !plot.data) {
      const first = !plot.data;
      key = now;
      P.react(plot, [{type: 'scatter', x: [], y: []}], look(map, plot, payload), CONFIG);
      if (first) {
        plot.on('plotly_relayouting', change => { takeRanges(change); map.draw.all(); });
        plot.on('plotly_relayout', () => { takeRanges(); map.draw.all(); });
        plot.on('plotly_doubleclick', () => map.back());
      }
    }
    takeRanges();
  }

  /* What the axes show now; while they are dragged Plotly tells it in the event only. */
  function takeRanges(change = {}) {
    if (map.deep) return;
    const {xaxis, yaxis} = plot._fullLayout;
    const pick = (axis, name) => [change[`${name}.range[0]`] ?? (change[`${name}.range`] || axis.range)[0],
                                  change[`${name}.range[1]`] ?? (change[`${name}.range`] || axis.range)[1]];
    map.ranges = {x: pick(xaxis, 'xaxis').map(Number), y: pick(yaxis, 'yaxis').map(Number),
                  left: xaxis._offset, width: xaxis._length, top: yaxis._offset, height: yaxis._length};
  }

  /* Pixels for one unit, across and up. */
  const scale = () => [map.ranges.width / (map.ranges.x[1] - map.ranges.x[0]), map.ranges.height / (map.ranges.y[1] - map.ranges.y[0])];

  function toScreen([x, y = 0]) {
    const {ranges} = map, [sx, sy] = scale();
    return [ranges.left + (x - ranges.x[0]) * sx, ranges.top + ranges.height - (y - ranges.y[0]) * sy];
  }

  function toPlace(x, y) {
    const {ranges} = map, [sx, sy] = scale(), across = ranges.x[0] + (x - ranges.left) / sx;
    return map.source.dims === 1 ? [across] : [across, ranges.y[0] + (ranges.top + ranges.height - y) / sy];
  }

  /* All places {x, y} as pixels; NaN where one is missing. */
  function project(from, into) {
    const {ranges} = map, [ax, up] = scale(), ay = -up;
    const bx = ranges.left - ranges.x[0] * ax, by = ranges.top + ranges.height - ranges.y[0] * ay;
    for (let i = 0; i < from.x.length; i++) { into.x[i] = from.x[i] * ax + bx; into.y[i] = from.y[i] * ay + by; }
    into.depth = null;
  }

  return {
    draw, scale, toScreen, toPlace, project,
    box: () => map.ranges,
    hide() { plot.style.visibility = 'hidden'; },
    picture: async () => (await plotly()).toImage(plot, {format: 'png', width: map.width, height: map.height, scale: 2}),
  };
}
