/* Plotly, which is larger than all the rest of the page: it is loaded when the first plot is drawn. And how all plots look. */
import {cssVar, typeSize} from './theme.js';

let loading = null;

/* `const P = await plotly();` */
export function plotly() {
  loading ||= window.Plotly ? Promise.resolve(window.Plotly) : new Promise((done, failed) => {
    const script = document.createElement('script');
    script.src = new URL('../../plotly.min.js', import.meta.url).href;
    script.onload = () => done(window.Plotly);
    script.onerror = () => { loading = null; script.remove(); failed(new Error('Plotly could not be loaded.')); };
    document.head.append(script);
  });
  return loading;
}

/* Plotly where it is here already; else null, and `again` is called once it is: `const P = plotlyOr(() => view.redraw()); if (!P) return;` */
export function plotlyOr(again) {
  if (window.Plotly) return window.Plotly;
  plotly().then(again, error => console.error(error));
  return null;
}

/* Takes a plot away, if there is one. */
export function purge(plot) {
  if (plot.data) window.Plotly.purge(plot);
}

/* --- one look: what a plot says of its own lies over it ----------------------------------------------------------------- */
const CLEAR = 'rgba(0,0,0,0)';

export const CONFIG = {displaylogo: false, displayModeBar: false, responsive: false};

/** `own`: the `colour`, `size` and `standoff` of the title, and whatever else Plotly takes.
    @param {string} title  @param {{[name: string]: any}} own */
export function axis(title, own = {}) {
  const {colour = cssVar('--soft-text'), size = typeSize(), standoff = 4, ...more} = own;
  const line = cssVar('--border-color-primary');
  return {gridcolor: line, zeroline: false, linecolor: line, tickfont: {color: cssVar('--soft-text'), size: typeSize()}, automargin: true,
          title: {text: title, font: {color: colour, size}, standoff}, ...more};
}

/* Above the plot, from its left edge. */
export const legend = (own = {}) => ({orientation: 'h', x: 0, xanchor: 'left', y: 1.02, yanchor: 'bottom', bgcolor: CLEAR, font: {size: typeSize()}, ...own});

const NARROW = 300;                                              // pixels
export const isNarrow = plot => plot.clientWidth < NARROW;

/* What is drawn how, in `node` above a plot that is too narrow for a legend of its own. */
export function drawNames(node, plot, traces) {
  const shown = isNarrow(plot) ? traces : [], key = JSON.stringify(shown.map(({name, line}) => [name, line]));
  if (node.dataset.key === key) return;
  node.dataset.key = key;
  node.replaceChildren(...shown.map(({name, line}) => {
    const each = document.createElement('span'), sign = document.createElement('i');
    sign.style.borderTop = `${Math.max(2, line.width)}px ${line.dash === 'solid' ? 'solid' : 'dashed'} ${line.color}`;
    each.append(sign, name);
    return each;
  }));
}

export function layout(plot, own) {
  return {paper_bgcolor: CLEAR, plot_bgcolor: CLEAR, width: plot.clientWidth, height: plot.clientHeight, showlegend: true,
          font: {color: cssVar('--body-text-color'), size: typeSize(), family: cssVar('--face')}, hoverlabel: {font: {size: typeSize()}, align: 'left'}, ...own};
}
