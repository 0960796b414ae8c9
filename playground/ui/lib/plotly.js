/* Plotly, which is larger than all the rest of the page: it is loaded when the first plot is drawn. */
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
